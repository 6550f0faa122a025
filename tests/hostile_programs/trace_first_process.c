#include "hostile.h"
#include <sys/ptrace.h>
int main(void) {
    attempt("attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
    attempt("seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
    attempt("traceme", ptrace(PTRACE_TRACEME, 0, 0, 0));
    return 0;
}
