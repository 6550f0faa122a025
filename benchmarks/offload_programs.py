"""What devices hand over: a program as small as can be, and one as devices have them. Runs none."""

from dataclasses import dataclass

STEPS = 30
_SMALL = """#include <stdio.h>
int main(int count, char **words) {
  unsigned long sum = 0;
  for (unsigned long number = 0; number < 100000; number++) sum = sum * 31 + number;
  printf("%s %lu\\n", count > 1 ? words[1] : "", sum);
  return 0;
}
"""
_STEP = """static double step_NUMBER(double *values, int count) {
  double sum = NUMBER;
  for (int at = 0; at < count; at++) {
    if (values[at] > sum) values[at] = sqrt(values[at] + NUMBER);
    else values[at] += sum / (at + NUMBER);
    sum += values[at] * 0.5;
  }
  return fmod(sum, 1000);
}
"""
_LARGE_END = """int main(int count, char **words) {
  double values[1000] = {0}, sum = 0;
CALLS
  printf("%s %.6f\\n", count > 1 ? words[1] : "", sum);
  return 0;
}
"""


@dataclass(frozen=True, slots=True)
class Program:
    """A source that prints its first argument, then a number; and the line that builds it."""

    source: str
    build: str


def _large() -> str:
    numbers = [str(number) for number in range(1, STEPS + 1)]
    steps = "".join(_STEP.replace("NUMBER", number) for number in numbers)
    calls = "\n".join(f"  sum += step_{number}(values, 1000);" for number in numbers)
    heads = "".join(f"#include <{name}.h>\n" for name in ("math", "stdio", "stdlib", "string"))
    return heads + steps + _LARGE_END.replace("CALLS", calls)


PROGRAMS = {
    "small": Program(_SMALL, "gcc <name>.c -o <name>"),
    "large": Program(_large(), "gcc -O2 <name>.c -o <name> -lm"),
}


def request(arguments: str, program: Program) -> str:
    """Return the text of a request (WIRE section 2)."""
    return "----".join(("work", arguments, program.source, program.build))
