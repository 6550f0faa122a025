"""Dying with the parent: real processes, because the kernel is what keeps the promise."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backbone.die_with_parent import die_with_parent
from backbone.errors import Unavailable

ROOT = Path(__file__).resolve().parents[3]
GRACE_SECONDS = 20

PARENT = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
child.wait()
"""
CHILD = """
import os, signal, sys, time
from backbone.die_with_parent import die_with_parent
die_with_parent(parent=os.getppid(), sign=signal.Signals(int(sys.argv[1])))
print("tied", flush=True)
time.sleep(600)
"""
ORPHAN = """
from backbone.die_with_parent import die_with_parent
die_with_parent(parent=1_000_000_000)
print("lived on", flush=True)
"""
COMMAND = "backbone.die_with_parent"
BECOME_THE_COMMAND = """
import os, sys
os.execv(sys.executable, [sys.executable, "-m", sys.argv[1], str(os.getppid()), *sys.argv[2:]])
"""
SAY_AND_STAY = "import time; print('tied', flush=True); time.sleep(600)"


def parent_of(*child: str) -> subprocess.Popen[str]:
    """Start a process that starts `child` and waits for it; both write to its stdout."""
    command = [sys.executable, "-c", PARENT, *child]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def tied_child_of(parent: subprocess.Popen[str]) -> int:
    """Wait until the child said that it is tied; returns its pid."""
    assert parent.stdout is not None
    lines = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
    assert "tied" in lines, lines
    return int((lines - {"tied"}).pop())


def wait_for_the_end_of(pid: int) -> None:
    """Wait until the process has ended; it is nobody's child here, so its handle tells."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([handle], [], [], GRACE_SECONDS)
        assert ended, f"{pid} outlived its parent"
    finally:
        os.close(handle)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_a_tied_child_ends_when_its_parent_is_killed(sign: signal.Signals) -> None:
    with parent_of(sys.executable, "-c", CHILD, str(int(sign))) as parent:
        child = tied_child_of(parent)
        parent.kill()
        wait_for_the_end_of(child)


def test_a_child_whose_parent_is_gone_already_does_not_begin() -> None:
    orphan = subprocess.run([sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, text=True, check=False)
    assert orphan.returncode == -signal.SIGKILL
    assert orphan.stdout == ""


def test_what_the_kernel_refuses_is_told_with_its_reason() -> None:
    class NoSignal(int):
        name = "SIG999"

    with pytest.raises(Unavailable, match=r"expected prctl\(PR_SET_PDEATHSIG, 999\) to work, got: Invalid argument"):
        die_with_parent(sign=NoSignal(999))  # type: ignore[arg-type]


def test_the_command_becomes_a_program_that_ends_with_whom_it_was_told_to_follow() -> None:
    with parent_of(sys.executable, "-c", BECOME_THE_COMMAND, COMMAND, sys.executable, "-c", SAY_AND_STAY) as parent:
        child = tied_child_of(parent)
        parent.kill()
        wait_for_the_end_of(child)


def test_the_command_starts_nothing_once_the_parent_is_gone() -> None:
    command = [sys.executable, "-m", COMMAND, "1000000000", sys.executable, "-c", "print('started')"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGTERM, "")
