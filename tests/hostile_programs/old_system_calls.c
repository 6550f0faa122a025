/* The 32-bit interface of a 64-bit kernel has other numbers, which a careless filter would not know. */
#include "hostile.h"
int main(void) {
#ifdef __x86_64__
    int result = 20;
    __asm__ volatile("int $0x80" : "+a"(result));
    printf("ESCAPED with %d\n", result);
#else
    raise(SIGSYS);
#endif
    return 0;
}
