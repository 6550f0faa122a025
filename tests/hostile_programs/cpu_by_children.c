/* Each child computes less than the limit; their sum is bounded by the deadline. */
#include "hostile.h"
int main(void) {
    for (;;) {
        if (fork() == 0) {
            for (volatile long turn = 0; turn < 50000000; turn++) {
            }
            _exit(0);
        }
        wait(NULL);
    }
}
