#include "hostile.h"
int main(int argc, char **argv) {
    const char *hosts[] = {"127.0.0.1", "127.0.0.2", "10.0.2.2", "172.17.0.1"};
    for (unsigned at = 0; at < sizeof hosts / sizeof *hosts; at++) {
        struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(hosts[at])};
        int handle = socket(AF_INET, SOCK_STREAM, 0);
        attempt(hosts[at], connect(handle, (struct sockaddr *)&there, sizeof there));
    }
    return 0;
}
