"""Starts a program that ends when its parent does: `python -m searchlight.die_with_parent PID PROGRAM ...`. Linux."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""See prctl(2); the setting survives execve."""


def main() -> None:
    """Tie this process to its parent's life, then become the program."""
    parent, program, *arguments = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        sys.exit(f"expected prctl to work, got errno {ctypes.get_errno()}")
    if os.getppid() != int(parent):  # the parent died before the tie was made
        sys.exit(0)
    os.execvp(program, [program, *arguments])  # noqa: S606 - the program is named by `searchlight up` itself


if __name__ == "__main__":
    main()
