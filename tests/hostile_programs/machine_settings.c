#include "hostile.h"
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/time.h>
int main(void) {
    struct timeval then = {1000000000, 0};
    attempt("clock", settimeofday(&then, NULL));
    attempt("host name", sethostname("mine", 4));
    attempt("reboot", reboot(RB_AUTOBOOT));
    attempt("swapoff", swapoff("/swap"));
    attempt("core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
    attempt("sysrq", open("/proc/sysrq-trigger", O_WRONLY));
    attempt("panic", open("/proc/sys/kernel/panic", O_WRONLY));
    return 0;
}
