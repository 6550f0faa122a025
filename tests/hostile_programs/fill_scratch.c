#include "hostile.h"
int main(void) {
    static char block[1 << 20];
    memset(block, 1, sizeof block);
    long written = 0;
    for (int number = 0; number < 64; number++) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/part%d", number);
        int handle = open(path, O_CREAT | O_WRONLY, 0600);
        for (int turn = 0; turn < 8; turn++) {
            ssize_t wrote = write(handle, block, sizeof block);
            written += wrote > 0 ? wrote : 0;
        }
        close(handle);
    }
    printf(written > 65 << 20 ? "ESCAPED with %ld bytes\n" : "%ld bytes\n", written);
    return 0;
}
