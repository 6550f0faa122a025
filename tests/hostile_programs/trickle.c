#include <stdio.h>
#include <unistd.h>
int main(void) {
    for (;;) {
        putchar('.');
        fflush(stdout);
        usleep(20000);
    }
}
