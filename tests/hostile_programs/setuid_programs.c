#include "hostile.h"
int main(void) {
    const char *tools[] = {"/usr/bin/su", "/usr/bin/mount", "/usr/bin/newgrp", "/usr/bin/passwd", "/usr/bin/chsh"};
    for (unsigned at = 0; at < sizeof tools / sizeof *tools; at++) {
        if (fork() == 0) {
            execl(tools[at], tools[at], "-h", NULL);
            _exit(0);
        }
        wait(NULL);
    }
    system("cp /usr/bin/id /tmp/id; chmod 6755 /tmp/id; /tmp/id -u | grep -qx 0 && echo ESCAPED; true");
    return 0;
}
