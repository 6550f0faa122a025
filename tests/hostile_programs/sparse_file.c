#include "hostile.h"
int main(void) {
    signal(SIGXFSZ, SIG_IGN);
    int handle = open("/tmp/big", O_CREAT | O_RDWR, 0600);
    attempt("ftruncate", ftruncate(handle, (off_t)1 << 40));
    attempt("fallocate", posix_fallocate(handle, 0, (off_t)1 << 32) == 0 ? 0 : -1);
    attempt("far write", pwrite(handle, "x", 1, (off_t)1 << 40));
    return 0;
}
