#include "hostile.h"
int main(void) {
    attempt("setuid", setuid(0));
    attempt("setgid", setgid(0));
    attempt("setresuid", setresuid(0, 0, 0));
    gid_t none = 0;
    attempt("setgroups", setgroups(1, &none));
    attempt("keepcaps", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0));
    int handle = open("/proc/self/uid_map", O_WRONLY);
    attempt("uid_map", handle < 0 ? -1 : write(handle, "0 0 1", 5));
    return 0;
}
