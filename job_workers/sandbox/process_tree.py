"""What a process and all its descendants take, read from /proc. Ends nothing."""

import os
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def memory_of_tree(root: int, *, enough: int) -> int:
    """Return the resident memory in bytes that a tree holds, 0 when it is gone.

    What several share is counted once, and files of the system not at all, but that is only looked at closely
    (proc(5): smaps_rollup) when the quick sum is over `enough`.
    """
    pids = _tree(root)
    quick = sum(_resident(pid) for pid in pids)
    return quick if quick <= enough else sum(_share(pid) for pid in pids)


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


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    return 0


def _share(pid: int) -> int:
    """Return the memory of a process, each page divided by those who share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (ProcessLookupError, FileNotFoundError):
        return 0
    except OSError:
        return _resident(pid)  # it may not be read, such as the first process of a sandbox
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
