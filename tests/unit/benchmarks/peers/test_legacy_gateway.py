"""The gateway to measure against builds and runs what a message brings."""

import subprocess

import pytest

from benchmarks.peers.legacy_gateway import run

ECHO = '#include <stdio.h>\nint main(int n, char **a) { for (int i = 1; i < n; i++) printf("%s;", a[i]); return 0; }'


def test_a_program_is_built_and_run_with_its_arguments():
    assert run(f"echo----1 'two words'----{ECHO}----gcc <name>.c -o <name>") == b"1;two words;"


def test_a_source_may_hold_the_separator():
    assert (
        run(f"echo----x----/* ---- */ {ECHO.partition(chr(10))[2]}----gcc -include stdio.h <name>.c -o <name>") == b"x;"
    )


def test_a_program_that_cannot_be_built_is_nobodys():
    with pytest.raises(subprocess.CalledProcessError):
        run("broken--------int main( {----gcc -w <name>.c -o <name>")
