#include "hostile.h"
int main(void) {
    // What any Debian has, and any container of ours: nothing here is a path of one machine.
    const char *paths[] = {"/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/root/.ssh/id_rsa",
                           "/root/.bashrc", "/home", "/var/log/dpkg.log", "/var/lib/dpkg/status", "/sys/kernel/uevent_seqnum",
                           "/run/secrets/redis_url", "/proc/kcore", "/proc/kmsg", "/boot", "/opt", "/mnt", "/app/backbone"};
    for (unsigned at = 0; at < sizeof paths / sizeof *paths; at++)
        show(paths[at]);
    return 0;
}
