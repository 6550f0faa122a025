#include "hostile.h"
int main(void) {
    size_t much = (size_t)1 << 40;
    void *block = mmap(NULL, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    attempt("a terabyte", block == MAP_FAILED ? -1 : 0);
    attempt("locking", mlockall(MCL_CURRENT | MCL_FUTURE));
    return 0;
}
