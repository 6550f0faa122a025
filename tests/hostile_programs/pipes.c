#include "hostile.h"
int main(void) {
    static char block[65536];
    int ends[2];
    long bytes = 0;
    while (pipe2(ends, O_NONBLOCK) == 0)
        for (ssize_t wrote; (wrote = write(ends[1], block, sizeof block)) > 0;)
            bytes += wrote;
    printf(bytes > 16 << 20 ? "ESCAPED with %ld\n" : "%ld bytes\n", bytes);
    return 0;
}
