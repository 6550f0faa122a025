#include "hostile.h"
int main(void) {
    if (fork() == 0)
        for (;;)
            pause();
    puts("parent gone");
    return 0;
}
