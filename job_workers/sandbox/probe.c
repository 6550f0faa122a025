/* Tries from inside a sandbox what must be out of reach, and says for each whether it is.
 * usage: probe FILE PORT, a file of the host that everybody may write and a port that listens on its loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void held(const char *what, long reached) {
    printf("%s %s (%s)\n", reached < 0 ? "held" : "OPEN", what, reached < 0 ? strerror(errno) : "it worked");
}

static long joined(const char *host, int port) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(host)};
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof there);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    held("a file of the host", open(argv[1], O_WRONLY | O_APPEND));
    held("/etc/shadow", open("/etc/shadow", O_RDONLY));
    held("/etc/passwd", open("/etc/passwd", O_RDONLY));
    held("/run/secrets", open("/run/secrets", O_RDONLY));
    held("the first process's memory", open("/proc/1/mem", O_RDWR));
    held("writing beside the system's programs", open("/usr/bin/probe", O_CREAT | O_WRONLY, 0700));
    held("writing into the root", open("/probe", O_CREAT | O_WRONLY, 0700));
    held("a listener on the host's loopback", joined("127.0.0.1", atoi(argv[2])));
    held("the network", joined("192.0.2.1", 80));
    held("other address families", socket(AF_PACKET, SOCK_RAW, 0));
    held("becoming root", setuid(0));
    held("new namespaces", unshare(CLONE_NEWUSER));
    held("mounts", mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
    held("making a device", mknod("/tmp/device", S_IFCHR | 0600, 1 << 8 | 1));
    held("other processes", kill(-1, 0));
    return 0;
}
