/* Always another process: who kills by id is always late. */
#include "hostile.h"
int main(void) {
    if (fork() == 0)
        for (;;)
            if (fork() > 0)
                _exit(0);
    return 0;
}
