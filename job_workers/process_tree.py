"""What a process and all its descendants take, read from /proc. Ends nothing."""

import os
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def memory_of_tree(root: int, *, enough: int) -> int:
    """Return the resident memory in bytes that a tree holds by itself, 0 when it is gone.

    What forks share is counted once, but only looked at closely (proc(5): smaps_rollup) when the quick sum is over
    `enough`.
    """
    pids = _tree(root)
    quick = sum(_own_pages(pid) for pid in pids)
    return quick if quick <= enough else min(quick, sum(_share(pid) for pid in pids))


def _tree(root: int) -> list[int]:
    found, waiting = list[int](), [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError):
                    waiting += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _own_pages(pid: int) -> int:
    with suppress(OSError, IndexError):
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        return (int(resident) - int(shared)) * _PAGE
    return 0


def _share(pid: int) -> int:
    """Return the memory of a process, each page divided by those who share it."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    except ProcessLookupError:
        return 0
    except OSError:
        return _own_pages(pid)  # it may not be read, such as the first process of a sandbox
    return 0
