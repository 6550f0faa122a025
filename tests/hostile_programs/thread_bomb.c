#include "hostile.h"
#include <pthread.h>
static void *stay(void *nothing) {
    pause();
    return nothing;
}
int main(void) {
    pthread_t one;
    int count = 0;
    while (count < 100000 && pthread_create(&one, NULL, stay, NULL) == 0)
        count++;
    printf(count < 1000 ? "%d threads\n" : "ESCAPED with %d threads\n", count);
    fflush(stdout);
    pause();
}
