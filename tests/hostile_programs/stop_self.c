#include "hostile.h"
int main(void) {
    raise(SIGSTOP);
    pause();
}
