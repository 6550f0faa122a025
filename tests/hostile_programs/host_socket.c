/* A socket of the host in its abstract names, which no mount hides. */
#include "hostile.h"
int main(int argc, char **argv) {
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    int length = snprintf(there.sun_path + 1, sizeof there.sun_path - 1, "hostile-%s", argv[3]);
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    attempt("abstract", connect(handle, (struct sockaddr *)&there, sizeof(sa_family_t) + 1 + length));
    return 0;
}
