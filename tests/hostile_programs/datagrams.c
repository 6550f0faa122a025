#include "hostile.h"
int main(int argc, char **argv) {
    int handle = socket(AF_INET, SOCK_DGRAM, 0), yes = 1;
    setsockopt(handle, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
    const char *hosts[] = {"10.255.255.255", "8.8.8.8", "224.0.0.1", "255.255.255.255"};
    for (unsigned at = 0; at < sizeof hosts / sizeof *hosts; at++) {
        struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(hosts[at])};
        attempt(hosts[at], sendto(handle, "x", 1, 0, (struct sockaddr *)&there, sizeof there));
    }
    return 0;
}
