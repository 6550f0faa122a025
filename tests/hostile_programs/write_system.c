#include "hostile.h"
int main(int argc, char **argv) {
    const char *paths[] = {"/usr/bin/mine", "/usr/local/bin/mine", "/etc/alternatives/mine", "/etc/ld.so.preload",
                           "/etc/ld.so.cache", "/mine", "/dev/mine", "/.runner", "/lib/mine", "/proc/mine", "/usr/bin/gcc"};
    for (unsigned at = 0; at < sizeof paths / sizeof *paths; at++)
        attempt(paths[at], open(paths[at], O_CREAT | O_WRONLY, 0666));
    touch(CANARY);
    return 0;
}
