#include "hostile.h"
int main(void) {
    mkdir("/tmp/jail", 0777);
    attempt("chroot", chroot("/tmp/jail"));
    attempt("pivot_root", syscall(SYS_pivot_root, "/tmp/jail", "/tmp/jail"));
    for (int up = 0; up < 64; up++)
        if (chdir("..") != 0)
            break;
    show("etc/shadow");
    show("old_root/etc/shadow");
    return 0;
}
