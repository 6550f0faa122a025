#include "hostile.h"
int main(int argc, char **argv) {
    show(SECRET);
    return 0;
}
