#include "hostile.h"
int main(void) {
    show("/proc/1/environ");
    show("/proc/1/root/etc/shadow");  // by way of the first process; every Linux has this path
    attempt("root", open("/proc/1/root", O_RDONLY));
    attempt("cwd", open("/proc/1/cwd", O_RDONLY));
    for (int handle = 0; handle < 64; handle++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/fd/%d", handle);
        int opened = open(path, O_RDWR);
        if (opened >= 0)
            printf("ESCAPED by %s\n", path);
    }
    return 0;
}
