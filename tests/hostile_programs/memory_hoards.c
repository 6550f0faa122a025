/* Memory that belongs to no process, so that no limit of a process counts it. */
#include "hostile.h"
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
int main(void) {
    attempt("shmget", shmget(IPC_PRIVATE, 1 << 20, 0600));
    attempt("msgget", msgget(IPC_PRIVATE, 0600));
    attempt("semget", semget(IPC_PRIVATE, 100, 0600));
    attempt("memfd", memfd_create("mine", 0));
    attempt("memfd_secret", syscall(447, 0));
    attempt("mq_open", syscall(SYS_mq_open, "mine", O_CREAT | O_RDWR, 0600, NULL));
    return 0;
}
