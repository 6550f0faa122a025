#include "hostile.h"
int main(void) {
#ifdef __x86_64__
    attempt("x32", syscall(0x40000000 | 39));
#else
    raise(SIGSYS);
#endif
    return 0;
}
