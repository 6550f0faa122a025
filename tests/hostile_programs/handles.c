#include "hostile.h"
int main(void) {
    int count = 0;
    while (count < 100000 && open("/dev/null", O_RDONLY) >= 0)
        count++;
    printf(count > 1000 ? "ESCAPED with %d\n" : "%d handles\n", count);
    return 0;
}
