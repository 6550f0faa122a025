"""Foreign pictures made safe: re-encoded in a process that may crash or hang. Does not look for faces."""

import base64
import binascii
from dataclasses import dataclass

from backbone.errors import BadInput, TooLarge
from backbone.pictures.child import EXIT_REFUSED, SIZE
from backbone.pictures.pool import PicturePool
from backbone.wire.codec import PICTURE_BYTES


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean JPEG: RGB, upright, without metadata; size in pixels."""

    jpeg: bytes
    width: int
    height: int


class PictureCleaner:
    """Re-encodes pictures to one size and quality.

    Args:
        pool: the processes that do it, shared by all cleaners of a role; None: two of its own, that nobody stops and
            that end with this process.
        max_side: longest side of the result in pixels.
        quality: JPEG quality of the result, 1..95.
        max_bytes: of a picture as it comes.
    """

    def __init__(
        self,
        *,
        pool: PicturePool | None = None,
        max_side: int = 1600,
        quality: int = 90,
        max_bytes: int = PICTURE_BYTES,
    ) -> None:
        self._pool = pool or PicturePool()
        self._max_side = max_side
        self._quality = quality
        self._max_bytes = max_bytes

    async def clean(self, raw: bytes) -> Picture:
        """Return the clean form of a JPEG, PNG, WebP or HEIC picture.

        Raises:
            TooLarge: it is over `max_bytes`.
            BadInput: it is no such picture, over 40 megapixels, broken, or takes too long to decode.
            Unavailable: too many pictures wait already, this machine can start no process, or the role stops.
        """
        if len(raw) > self._max_bytes:
            raise TooLarge(f"expected a picture of at most {self._max_bytes} bytes, got {len(raw)}")
        answer = await self._pool.decode(raw, max_side=self._max_side, quality=self._quality)
        if answer.code == EXIT_REFUSED:
            raise BadInput(answer.out.decode(errors="replace")[:500], code="bad_picture")
        if answer.code != 0 or len(answer.out) <= SIZE.size:
            raise BadInput("expected a picture that can be decoded, got one that ends the decoder", code="bad_picture")
        width, height = SIZE.unpack_from(answer.out)
        return Picture(answer.out[SIZE.size :], width, height)


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
