#include <unistd.h>
int main(void) {
    for (int byte = 0; byte < 256; byte++)
        if (write(1, &byte, 1) < 0)
            return 1;
    return 0;
}
