#include "hostile.h"
int main(void) {
    show("/proc/1/environ");
    attempt("its root as one's own folder", chdir("/proc/1/root"));
    show("etc/shadow");
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
