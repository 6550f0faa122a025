#include <unistd.h>
int main(void) {
    for (;;)
        if (write(2, "flood flood flood", 17) < 0)
            return 0;
}
