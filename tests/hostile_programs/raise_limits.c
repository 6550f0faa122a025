#include "hostile.h"
int main(void) {
    int kinds[] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_MEMLOCK};
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    for (unsigned at = 0; at < sizeof kinds / sizeof *kinds; at++)
        attempt("setrlimit", setrlimit(kinds[at], &all));
    attempt("prlimit of 1", prlimit(1, RLIMIT_NPROC, &all, NULL));
    return 0;
}
