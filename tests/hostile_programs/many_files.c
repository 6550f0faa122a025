#include "hostile.h"
int main(void) {
    for (long number = 0;; number++) {
        char path[64];
        snprintf(path, sizeof path, "/tmp/%ld", number);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
}
