#include "hostile.h"
int main(void) {
    const char *names[] = {"mnt", "net", "pid", "user", "ipc", "uts"};
    for (unsigned at = 0; at < sizeof names / sizeof *names; at++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", names[at]);
        attempt(path, setns(open(path, O_RDONLY), 0));
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[at]);
        attempt(path, setns(open(path, O_RDONLY), 0));
    }
    return 0;
}
