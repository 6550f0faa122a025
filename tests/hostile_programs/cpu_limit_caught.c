#include "hostile.h"
static void again(int number) { signal(number, again); }
int main(void) {
    signal(SIGXCPU, again);
    for (;;) {
    }
}
