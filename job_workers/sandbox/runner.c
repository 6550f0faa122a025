/* The first process in a sandbox: sets the limits, runs one command, ends whatever that leaves, tells how it went.
 *
 * It is process 1 of its own pid namespace, so what runs there cannot signal it, and when it ends the kernel ends
 * everything else. It keeps the deadline itself too: a sandbox outlives neither its time nor its worker.
 *
 * usage: runner WALL_MS CPU_S ADDRESS_SPACE PROCESSES FILES FILE_BYTES SCRATCH_FILES STATUS_FD KEEP_FD COMMAND...
 * STATUS_FD gets one line of JSON. KEEP_FD (-1: none) gets a tar of the working folder after exit code 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WALL_MS = 1, CPU_S, ADDRESS_SPACE, PROCESSES, FILES, FILE_BYTES, SCRATCH_FILES, STATUS_FD, KEEP_FD, COMMAND };
enum { LOOK_MS = 20 };

static long long now_ms(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000LL + at.tv_nsec / 1000000;
}

static void limit(int what, rlim_t soft, rlim_t hard) {
    struct rlimit both = {soft, hard};
    if (setrlimit(what, &both) != 0) {
        dprintf(2, "cannot set limit %d: %s\n", what, strerror(errno));
        _exit(126);
    }
}

static pid_t start(char **command, char **argv, int output) {
    pid_t child = fork();
    if (child != 0)
        return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (output >= 0)
        dup2(output, 1);
    rlim_t cpu = strtoull(argv[CPU_S], NULL, 10);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_CPU, cpu, cpu + 1);
    limit(RLIMIT_AS, strtoull(argv[ADDRESS_SPACE], NULL, 10), strtoull(argv[ADDRESS_SPACE], NULL, 10));
    limit(RLIMIT_FSIZE, strtoull(argv[FILE_BYTES], NULL, 10), strtoull(argv[FILE_BYTES], NULL, 10));
    limit(RLIMIT_NOFILE, strtoull(argv[FILES], NULL, 10), strtoull(argv[FILES], NULL, 10));
    limit(RLIMIT_MSGQUEUE, 0, 0);
    limit(RLIMIT_MEMLOCK, 65536, 65536);
    limit(RLIMIT_SIGPENDING, 256, 256);
    limit(RLIMIT_NPROC, strtoull(argv[PROCESSES], NULL, 10), strtoull(argv[PROCESSES], NULL, 10));
    execv(command[0], command);
    dprintf(2, "cannot run %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

static sigset_t waited_for(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    return set;
}

/* Empty files weigh nothing in a folder that is bounded in bytes, and a kilobyte each in the kernel. */
static int too_many_files(unsigned long most) {
    struct statvfs seen;
    return statvfs("/tmp", &seen) == 0 && seen.f_files - seen.f_ffree > most;
}

/* Waits for one process and reaps whatever else ends meanwhile; returns why it gave up, "" where it did not. */
static const char *await(pid_t main_process, long long until, unsigned long most_files, int *status) {
    sigset_t children = waited_for();
    for (;;) {
        int one;
        pid_t ended;
        while ((ended = waitpid(-1, &one, WNOHANG)) > 0)
            if (ended == main_process) {
                *status = one;
                return "";
            }
        long long left = until - now_ms();
        if (left <= 0)
            return "wall";
        if (too_many_files(most_files))
            return "memory";
        if (left > LOOK_MS)
            left = LOOK_MS;
        struct timespec wait = {left / 1000, left % 1000 * 1000000};
        siginfo_t from;
        if (sigtimedwait(&children, &from, &wait) == SIGTERM && from.si_pid == 0)
            return "asked"; /* by the worker: who sends from outside the namespace has no id in it */
    }
}

static void end_all(void) {
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) {
    }
}

int main(int argc, char **argv) {
    if (argc <= COMMAND || getpid() != 1)
        return 125;
    /* When memory is short, the kernel ends this before anything else. */
    int first_to_go = open("/proc/self/oom_score_adj", O_WRONLY);
    if (first_to_go < 0 || write(first_to_go, "1000", 4) != 4)
        return 124;
    int told = atoi(argv[STATUS_FD]), keep = atoi(argv[KEEP_FD]), status = 0;
    long long began = now_ms(), until = began + atoll(argv[WALL_MS]);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* nobody reads or writes it by /proc */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (int handle = 3; handle < 1024; handle++)
        if (handle == told || handle == keep)
            fcntl(handle, F_SETFD, FD_CLOEXEC);
        else
            close(handle);
    sigset_t children = waited_for();
    sigprocmask(SIG_BLOCK, &children, NULL);
    pid_t child = start(argv + COMMAND, argv, -1);
    unsigned long most_files = strtoul(argv[SCRATCH_FILES], NULL, 10);
    const char *over = child < 0 ? "memory" : await(child, until, most_files, &status);
    int ended = *over == 0;
    end_all();
    long long took = now_ms() - began;
    int kept = 0;
    if (ended && keep >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        char *tar[] = {"/usr/bin/tar", "--create", "--file=-", "--format=ustar", "--sort=name", ".", NULL};
        int packed;
        pid_t packer = start(tar, argv, keep);
        kept = packer > 0 && *await(packer, until, most_files, &packed) == 0 && packed == 0;
        end_all();
    }
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    long long cpu = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    dprintf(told,
            "{\"over\":\"%s\",\"exitCode\":%d,\"signal\":%d,\"kept\":%s,\"wallMs\":%lld,\"cpuUs\":%lld,\"maxRssKiB\":%ld}\n",
            over, ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            ended && WIFSIGNALED(status) ? WTERMSIG(status) : 0, kept ? "true" : "false", took, cpu, used.ru_maxrss);
    return 0;
}
