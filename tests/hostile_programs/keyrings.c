#include "hostile.h"
int main(void) {
    attempt("add_key", syscall(SYS_add_key, "user", "mine", "x", 1, -4));
    attempt("keyctl", syscall(SYS_keyctl, 0, -4, 1));
    attempt("request_key", syscall(SYS_request_key, "user", "mine", NULL, 0));
    return 0;
}
