/* Would have the worker believe another end, if the door for that were open to it. */
#include "hostile.h"
int main(void) {
    const char *lie = "{\"over\":\"\",\"exitCode\":0,\"signal\":0,\"kept\":true,\"wallMs\":1,\"cpuUs\":1,\"maxRssKiB\":1}\n";
    for (int handle = 3; handle < 1024; handle++)
        if (write(handle, lie, strlen(lie)) > 0)
            puts("ESCAPED by a report");
    fprintf(stderr, "%s", lie);
    return 7;
}
