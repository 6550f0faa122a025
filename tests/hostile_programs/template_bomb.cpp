template <int depth, int other> struct Bomb {
    static const long value = Bomb<depth - 1, other * 2>::value + Bomb<depth - 1, other * 2 + 1>::value;
};
template <int other> struct Bomb<0, other> {
    static const long value = other;
};
int main() { return Bomb<24, 1>::value; }
