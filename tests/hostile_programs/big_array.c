char much[(long)1 << 33] = {1};
int main(void) { return much[0]; }
