#include "hostile.h"
int main(void) {
    attempt("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    attempt("packet", socket(AF_PACKET, SOCK_RAW, 0));
    attempt("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    attempt("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    attempt("alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
    attempt("bluetooth", socket(AF_BLUETOOTH, SOCK_RAW, 0));
    attempt("can", socket(AF_CAN, SOCK_RAW, 0));
    return 0;
}
