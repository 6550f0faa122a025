#include "hostile.h"
#include <sys/ioctl.h>
int main(void) {
    char letter = 'x';
    for (int handle = 0; handle < 3; handle++)
        attempt("TIOCSTI", ioctl(handle, TIOCSTI, &letter));
    attempt("/dev/tty", open("/dev/tty", O_RDWR));
    attempt("/dev/console", open("/dev/console", O_RDWR));
    attempt("/dev/ptmx", open("/dev/ptmx", O_RDWR));
    return 0;
}
