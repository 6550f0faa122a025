#include "hostile.h"
int main(void) {
    // What any Debian has, and any container of ours.
    const char *paths[] = {"/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/var/log/dpkg.log",
                           "/var/lib/dpkg/status", "/sys/kernel/uevent_seqnum", "/run/secrets/redis_url",
                           "/proc/kcore", "/proc/kmsg"};
    for (unsigned at = 0; at < sizeof paths / sizeof *paths; at++)
        show(paths[at]);
    // A folder cannot be read like a file: that it can be opened is too much already.
    const char *folders[] = {"/root", "/home", "/boot", "/opt", "/mnt", "/app/backbone"};
    for (unsigned at = 0; at < sizeof folders / sizeof *folders; at++)
        attempt(folders[at], open(folders[at], O_RDONLY | O_DIRECTORY));
    return 0;
}
