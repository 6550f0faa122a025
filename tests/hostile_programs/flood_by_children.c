#include <stdio.h>
#include <unistd.h>
int main(void) {
    fork();
    fork();
    fork();
    for (;;)
        puts("flood flood flood flood flood flood");
}
