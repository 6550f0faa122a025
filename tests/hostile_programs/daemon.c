#include "hostile.h"
int main(int argc, char **argv) {
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int handle = 0; handle < 256; handle++)
                close(handle);
            signal(SIGHUP, SIG_IGN);
            for (;;) {
                touch(CANARY);
                usleep(10000);
            }
        }
        _exit(0);
    }
    return 0;
}
