"""One JPEG with its stamps as a binary message on a processor's socket. Does not look inside the JPEG."""

import struct
from dataclasses import dataclass

from backbone.errors import BadInput, TooLarge
from backbone.wire.codec import PICTURE_BYTES

_HEADER = struct.Struct(">4sIddd")
_MAGIC = b"SLF1"
_JPEG_START = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class StreamFrame:
    """A JPEG on its way to viewers.

    Attributes:
        frame_id: the picture's time, the same as in `boundingBoxes`; seconds since the epoch.
        sequence: counts the capture's pictures modulo 2**32.
        grabbed_at: when the picture reached the processor, seconds since the epoch.
        encoded_at: when the JPEG was ready, seconds since the epoch.
    """

    jpeg: bytes
    frame_id: float
    sequence: int
    grabbed_at: float
    encoded_at: float

    def pack(self) -> bytes:
        """Return the binary message."""
        stamps = (self.sequence & 0xFFFFFFFF, self.frame_id, self.grabbed_at, self.encoded_at)
        return _HEADER.pack(_MAGIC, *stamps) + self.jpeg


def unpack(message: bytes) -> StreamFrame:
    """Return the frame that a binary message holds.

    Raises:
        TooLarge: the picture is over 8 MiB.
        BadInput: the header or the JPEG's first bytes are not what they must be.
    """
    if len(message) > _HEADER.size + PICTURE_BYTES:
        raise TooLarge(f"expected a JPEG of at most {PICTURE_BYTES} bytes, got {len(message) - _HEADER.size}")
    if len(message) < _HEADER.size + 4 or message[:4] != _MAGIC:
        raise BadInput(f"expected a binary message that starts with {_MAGIC!r}, got {bytes(message[:4])!r}")
    _, sequence, frame_id, grabbed_at, encoded_at = _HEADER.unpack_from(message)
    jpeg = message[_HEADER.size :]
    if not jpeg.startswith(_JPEG_START):
        raise BadInput(f"expected a JPEG after the header, got {bytes(jpeg[:4])!r}")
    return StreamFrame(jpeg, frame_id, sequence, grabbed_at, encoded_at)
