#include "hostile.h"
int main(void) {
    kill(1, SIGSTOP);
    kill(1, SIGKILL);
    kill(1, SIGSEGV);
    for (;;)
        pause();
}
