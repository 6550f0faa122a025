#include "hostile.h"
int main(void) {
    static char block[1 << 20];
    int handle = open("/tmp/big", O_CREAT | O_WRONLY, 0600);
    for (;;)
        if (write(handle, block, sizeof block) < 0)
            return 0;
}
