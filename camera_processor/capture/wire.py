"""The records on the pipe between the capture child and its parent. Reads and writes no pipe itself.

A record is a header, and for PICTURE the (height, width, 3) uint8 RGB picture behind it, row by row.
"""

import enum
import struct
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backbone.errors import BadInput
from camera_processor.capture.sources.kind import MAX_PIXELS

MAGIC = b"SLF1"
_LAYOUT = struct.Struct("!4sBIIQQdd")
HEADER_BYTES = _LAYOUT.size

Image: TypeAlias = NDArray[np.uint8]


class Kind(enum.IntEnum):
    """What a record says."""

    PICTURE = 1
    IDLE = 2  # the source is well, its next picture is not due yet
    END = 3  # the source has no more pictures


@dataclass(frozen=True, slots=True)
class Header:
    """One record's head.

    Attributes:
        kind: what the record says.
        sequence: pictures grabbed so far in this process, this one included; gaps are pictures that were dropped.
        refused: pictures so far that were no pictures or over a limit.
        frame_id: when the picture was taken, seconds since the epoch.
        started_at: wall clock at which playing began, seconds since the epoch.
        width: in pixels.
        height: in pixels.
    """

    kind: Kind
    sequence: int = 0
    refused: int = 0
    frame_id: float = 0.0
    started_at: float = 0.0
    width: int = 0
    height: int = 0

    def pack(self) -> bytes:
        """Return the head's bytes."""
        return _LAYOUT.pack(
            MAGIC, self.kind, self.width, self.height, self.sequence, self.refused, self.frame_id, self.started_at
        )


def unpack(head: bytes) -> Header:
    """Read a head of HEADER_BYTES; raises BadInput for anything that the child would not write."""
    magic, kind, width, height, sequence, refused, frame_id, started_at = _LAYOUT.unpack(head)
    if magic != MAGIC or kind not in set(Kind):
        raise BadInput(f"capture pipe: expected a record that begins with {MAGIC!r}; got {head[:8].hex()}")
    size_fits = 0 < width * height <= MAX_PIXELS if kind == Kind.PICTURE else width == height == 0
    if not size_fits or not np.isfinite([frame_id, started_at]).all():
        raise BadInput(
            f"capture pipe: expected at most {MAX_PIXELS} pixels and finite times; got {width}x{height} at {frame_id}"
        )
    return Header(Kind(kind), sequence, refused, frame_id, started_at, width, height)


class RecordReader:
    """Turns a stream of bytes into records without a copy: the caller reads straight into `room()`."""

    def __init__(self) -> None:
        self._head = bytearray(HEADER_BYTES)
        self._room = memoryview(self._head)
        self._header: Header | None = None
        self._image: Image | None = None

    def room(self) -> memoryview:
        """Return the memory that the next bytes belong into; never empty."""
        return self._room

    def advance(self, count: int) -> tuple[Header, Image | None] | None:
        """Take note that `count` bytes of the room are filled; return a record when one is complete."""
        self._room = self._room[count:]
        if self._room:
            return None
        header, image = self._header, self._image
        if header is None:
            header = unpack(bytes(self._head))
            if header.kind is Kind.PICTURE:
                self._header = header
                self._image = np.empty((header.height, header.width, 3), np.uint8)
                self._room = self._image.data.cast("B")
                return None
        self._room = memoryview(self._head)
        self._header = self._image = None
        return header, image
