#include "hostile.h"
static int child(void *nothing) { return nothing != NULL; }
int main(void) {
    static char stack[65536];
    int flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP};
    for (unsigned at = 0; at < sizeof flags / sizeof *flags; at++) {
        attempt("unshare", unshare(flags[at]));
        attempt("clone", clone(child, stack + sizeof stack, flags[at] | SIGCHLD, NULL));
    }
    uint64_t arguments[11] = {CLONE_NEWUSER};
    attempt("clone3", syscall(SYS_clone3, arguments, sizeof arguments));
    return 0;
}
