/* What every hostile program in C shares. Arguments: a file to write, a secret to read, a port that listens. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CANARY argv[1]
#define SECRET argv[2]
#define PORT atoi(argv[3])

/* An attempt that must not work: its result is negative. */
static inline void attempt(const char *what, long result) {
    if (result >= 0)
        printf("ESCAPED by %s\n", what);
    else
        printf("%s: %s\n", what, strerror(errno));
    fflush(stdout);
}

static inline void touch(const char *path) {
    int handle = open(path, O_CREAT | O_WRONLY, 0666);
    if (handle >= 0 && write(handle, "ESCAPED", 7) == 7)
        puts("ESCAPED by writing");
}

static inline void show(const char *path) {
    char text[4096];
    int handle = open(path, O_RDONLY);
    ssize_t got = handle < 0 ? -1 : read(handle, text, sizeof text);
    if (got > 0)
        printf("ESCAPED by reading %s: %.*s\n", path, (int)got, text);
    else
        printf("%s: %s\n", path, strerror(errno));
}
