#include "hostile.h"
int main(void) {
    for (int child = 0; child < 8; child++)
        if (fork() == 0) {
            size_t share = 24 << 20;
            memset(malloc(share), 1, share);
            for (;;)
                pause();
        }
    for (;;)
        pause();
}
