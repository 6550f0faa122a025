#include "hostile.h"
int main(void) {
    pid_t child = fork();
    if (child == 0)
        abort();
    int status = 0;
    waitpid(child, &status, 0);
    if (WCOREDUMP(status))
        puts("ESCAPED by a core");
    fflush(stdout);
    abort();
}
