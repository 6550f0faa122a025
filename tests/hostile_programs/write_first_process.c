#include "hostile.h"
#include <sys/uio.h>
int main(void) {
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)main, 1};
    attempt("/proc/1/mem", open("/proc/1/mem", O_RDWR));
    attempt("/proc/1/maps", open("/proc/1/maps", O_RDONLY));
    attempt("writev", process_vm_writev(1, &here, 1, &there, 1, 0));
    attempt("pidfd_getfd", syscall(438, syscall(SYS_pidfd_open, 1, 0), 0, 0));
    return 0;
}
