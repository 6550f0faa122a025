#include "hostile.h"
int main(void) {
    attempt("proc", mount("proc", "/tmp", "proc", 0, NULL));
    attempt("tmpfs", mount("tmpfs", "/tmp", "tmpfs", 0, "size=10g"));
    attempt("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
    attempt("usr", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
    attempt("umount", umount2("/usr", MNT_DETACH));
    attempt("fsopen", syscall(430, "proc", 0));
    attempt("open_tree", syscall(428, AT_FDCWD, "/", 1));
    return 0;
}
