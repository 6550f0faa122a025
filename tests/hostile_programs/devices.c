#include "hostile.h"
#include <sys/sysmacros.h>
int main(void) {
    const char *paths[] = {"/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/nvme0", "/dev/fuse", "/dev/kvm", "/dev/vsock",
                           "/dev/net/tun", "/dev/loop-control", "/dev/video0", "/dev/userfaultfd"};
    for (unsigned at = 0; at < sizeof paths / sizeof *paths; at++)
        attempt(paths[at], open(paths[at], O_RDWR));
    attempt("mknod block", mknod("/tmp/disk", S_IFBLK | 0666, makedev(8, 0)));
    attempt("mknod char", mknod("/tmp/memory", S_IFCHR | 0666, makedev(1, 1)));
    return 0;
}
