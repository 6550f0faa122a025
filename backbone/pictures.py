"""Foreign pictures made safe: re-encoded in a child process that may crash or hang. Does not look for faces."""

import asyncio
import base64
import binascii
import sys
from dataclasses import dataclass

from backbone.errors import BadInput, TooLarge, Unavailable
from backbone.picture_child import EXIT_REFUSED, SIZE
from backbone.wire.codec import PICTURE_BYTES

DECODE_SECONDS = 10.0
MAX_WAITING = 16


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean JPEG: RGB, upright, without metadata; size in pixels."""

    jpeg: bytes
    width: int
    height: int


class PictureCleaner:
    """Re-encodes pictures, a bounded number at a time.

    Args:
        max_side: longest side of the result in pixels.
        quality: JPEG quality of the result, 1..95.
        at_once: how many child processes may run.
        max_bytes: of a picture as it comes.
    """

    def __init__(
        self, *, max_side: int = 1600, quality: int = 90, at_once: int = 2, max_bytes: int = PICTURE_BYTES
    ) -> None:
        self._max_bytes = max_bytes
        self._arguments = (str(max_side), str(quality))
        self._turn = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def clean(self, raw: bytes) -> Picture:
        """Return the clean form of a JPEG, PNG or WebP picture.

        Raises:
            TooLarge: it is over `max_bytes`.
            BadInput: it is no such picture, over 40 megapixels, broken, or takes too long to decode.
            Unavailable: too many pictures wait already, or this machine can start no process.
        """
        if len(raw) > self._max_bytes:
            raise TooLarge(f"expected a picture of at most {self._max_bytes} bytes, got {len(raw)}")
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"expected at most {MAX_WAITING} pictures to wait, got one more; try again")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._in_child(raw)
        finally:
            self._waiting -= 1

    async def _in_child(self, raw: bytes) -> Picture:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "backbone.picture_child", *self._arguments)
        try:
            child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as fault:
            raise Unavailable(f"expected to start a decoder, got: {fault}") from None
        try:
            async with asyncio.timeout(DECODE_SECONDS):
                out, told = await child.communicate(raw)
        except TimeoutError:
            text = f"expected a picture that can be decoded within {DECODE_SECONDS:g} s, got one that cannot"
            raise BadInput(text, code="bad_picture") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode == EXIT_REFUSED:
            raise BadInput(told.decode(errors="replace")[:500], code="bad_picture")
        if child.returncode != 0:
            raise BadInput("expected a picture that can be decoded, got one that ends the decoder", code="bad_picture")
        width, height = SIZE.unpack_from(out)
        return Picture(out[SIZE.size :], width, height)


def from_base64(text: str) -> bytes:
    """Return the bytes of a picture in base64, with or without a `data:` prefix.

    Raises:
        BadInput: it is no base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("image: expected a picture in base64, got a text that is not", code="bad_picture") from None
