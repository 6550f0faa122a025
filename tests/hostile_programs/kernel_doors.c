#include "hostile.h"
int main(void) {
    char room[256] = {0};
    attempt("bpf", syscall(SYS_bpf, 0, room, sizeof room));
    attempt("perf", syscall(SYS_perf_event_open, room, 0, -1, -1, 0));
    attempt("userfaultfd", syscall(SYS_userfaultfd, 0));
    attempt("io_uring", syscall(425, 8, room));
    attempt("module", syscall(SYS_finit_module, 0, "", 0));
    attempt("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
    attempt("fanotify", syscall(SYS_fanotify_init, 0, 0));
    attempt("handle", syscall(SYS_open_by_handle_at, 0, room, 0));
    attempt("syslog", syscall(SYS_syslog, 3, room, sizeof room));
    return 0;
}
