"""Has the disk begin with what was written, so that bringing a file to it takes no time at the end (Linux)."""

import ctypes
import sys
from typing import Any

EVERY_BYTES = 8 * 1024 * 1024
_WRITE = 2  # SYNC_FILE_RANGE_WRITE: begins, and waits only where the disk's queue is full


def _found() -> Any:  # noqa: ANN401 - a function of the C library, or None
    if sys.platform != "linux":
        return None
    call = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if call is not None:
        call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return call


_SYNC_FILE_RANGE = _found()


def begin_writeback(file: int, offset: int, length: int) -> None:
    """Begin with so many bytes of a file; promises nothing, `fsync` does, so its faults are that one's to tell."""
    if _SYNC_FILE_RANGE is not None:
        _SYNC_FILE_RANGE(file, offset, length, _WRITE)
