#include "hostile.h"
int main(void) {
    const char *paths[] = {"/run/docker.sock", "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket"};
    for (unsigned at = 0; at < sizeof paths / sizeof *paths; at++) {
        struct sockaddr_un there = {.sun_family = AF_UNIX};
        strcpy(there.sun_path, paths[at]);
        int handle = socket(AF_UNIX, SOCK_STREAM, 0);
        attempt(paths[at], connect(handle, (struct sockaddr *)&there, sizeof there));
    }
    return 0;
}
