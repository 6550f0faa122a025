#include "hostile.h"
int main(void) {
    static char block[65536];
    int ends[2];
    long bytes = 0;
    while (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0)
        for (int end = 0; end < 2; end++)
            for (ssize_t sent; (sent = send(ends[end], block, sizeof block, 0)) > 0;)
                bytes += sent;
    printf(bytes > 64 << 20 ? "ESCAPED with %ld\n" : "%ld bytes\n", bytes);
    return 0;
}
