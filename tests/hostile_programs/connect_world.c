#include "hostile.h"
int main(void) {
    const char *hosts[] = {"1.1.1.1", "169.254.169.254", "192.168.0.1", "10.0.0.1"};
    for (unsigned at = 0; at < sizeof hosts / sizeof *hosts; at++) {
        struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = inet_addr(hosts[at])};
        int handle = socket(AF_INET, SOCK_STREAM, 0);
        attempt(hosts[at], connect(handle, (struct sockaddr *)&there, sizeof there));
    }
    struct sockaddr_in6 there = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    inet_pton(AF_INET6, "2606:4700:4700::1111", &there.sin6_addr);
    attempt("IPv6", connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof there));
    return 0;
}
