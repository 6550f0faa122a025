"""Ends a process when its parent does, by Linux' own means (prctl(2), PR_SET_PDEATHSIG). Starts and stops nothing else.

`die_with_parent()` ties the process that calls it. `python -m backbone.die_with_parent PID PROGRAM ARGUMENT ...` ties
itself to its parent PID and becomes PROGRAM, for programs that are not ours.
"""

import ctypes
import os
import signal
import sys

from backbone.errors import Unavailable

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>; kept across execve, not across fork


def die_with_parent(*, parent: int | None = None, sign: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send `sign` to this process when its parent ends; send it now when the parent ended already.

    Linux means the *thread* that started this process: start children from a thread that lives as long as they may.

    Args:
        parent: process id of the parent, as the parent told it. None: whoever is the parent now, which misses a parent
            that ended before this call.
        sign: what ends this process; nothing of ours runs after SIGKILL.

    Raises:
        Unavailable: this system cannot do it.
    """
    expected = os.getppid() if parent is None else parent
    _ask_kernel(sign)
    if os.getppid() != expected:  # it ended before the kernel knew that we want to follow it
        os.kill(os.getpid(), sign)


def _ask_kernel(sign: signal.Signals) -> None:
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except AttributeError:
        raise Unavailable(f"expected Linux, which ends a child with its parent; got {sys.platform}") from None
    if prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0) != 0:
        fault = ctypes.get_errno()
        raise Unavailable(
            f"expected prctl(PR_SET_PDEATHSIG, {sign}) to work, got: {os.strerror(fault)} (errno {fault})"
        )


def main() -> None:
    """Tie this process to its parent, then become the program; SIGTERM lets the program end in its own way."""
    parent, program, *arguments = sys.argv[1:]
    try:
        die_with_parent(parent=int(parent), sign=signal.SIGTERM)
    except Unavailable as fault:
        sys.exit(fault.message)
    os.execvp(program, [program, *arguments])  # noqa: S606 - the program is named by who starts us


if __name__ == "__main__":
    main()
