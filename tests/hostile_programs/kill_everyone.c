#include "hostile.h"
int main(void) {
    for (int pid = 2; pid < 70000; pid++)
        if (pid != getpid())
            kill(pid, SIGKILL);
    kill(-1, SIGKILL);
    puts("still here");
    return 0;
}
