"""Decodes one foreign photo within bounds and reads what it says of time and place. Looks for no face.

It runs in a worker's own process: a picture that crashes or hangs the decoder costs one job.
"""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from backbone.errors import BadInput
from backbone.pictures.child import MAX_PIXELS
from backbone.pictures.kinds import HEIF, READ_KINDS, format_of, told_kind
from backbone.wire.jobs import Place
from job_workers.photos.heic_process import decode_heic

MOST_BYTES = 25 * 1024 * 1024
NEAR_ENOUGH = 1.05
"""So much larger than asked may a photo stay: half of 4032 pixels is 2016, and 16 pixels less cost another 50 ms."""
_EXIF, _GPS = 0x8769, 0x8825
_TAKEN, _OFFSET = 0x9003, 0x9011


@dataclass(frozen=True, slots=True)
class PhotoRead:
    """A photo upright, (h, w, 3) uint8 RGB, its own time (seconds since the epoch) and place where it tells them."""

    picture: NDArray[np.uint8]
    taken_at: float | None = None
    place: Place | None = None


def read_photo(raw: bytes, *, longest_side: int) -> PhotoRead:
    """Decode a JPEG, PNG, WebP or HEIC photo.

    Args:
        longest_side: a photo that is more than 5 % larger is made smaller, pixels.

    Raises:
        BadInput: it is no such picture, too large, or broken.
    """
    kind = format_of(raw)
    if kind is None:
        raise BadInput(f"expected a {READ_KINDS} photo, got {told_kind(raw)}", code="bad_picture")
    if len(raw) > MOST_BYTES:
        raise BadInput(f"expected a photo of at most {MOST_BYTES} bytes, got more", code="too_large")
    try:
        if kind == HEIF:
            return _read(decode_heic(raw, longest_side=longest_side), longest_side)
        with Image.open(io.BytesIO(raw), formats=[kind]) as image:
            return _read(image, longest_side)
    except BadInput:
        raise
    except Exception as fault:  # noqa: BLE001 - decoders raise nearly anything on hostile bytes
        text = f"expected a whole {kind} photo, got a broken one: {fault}"
        raise BadInput(text, code="bad_picture") from None


def _read(image: Image.Image, longest_side: int) -> PhotoRead:
    if image.width * image.height > MAX_PIXELS:
        text = f"expected at most 40 megapixels, got {image.width} x {image.height}"
        raise BadInput(text, code="bad_picture")
    exif = image.getexif()
    # JPEG: decodes to a half, a quarter or an eighth at once (12 megapixels in 22 ms instead of 75).
    image.draft("RGB", _fitted(image.size, longest_side))
    upright = ImageOps.exif_transpose(_eight_bits(image))
    told = exif.get_ifd(_EXIF), exif.get_ifd(_GPS)
    if max(upright.size) > longest_side * NEAR_ENOUGH:
        upright.thumbnail((longest_side, longest_side))
    return PhotoRead(np.asarray(upright.convert("RGB")), _moment(told[0]), _place(told[1]))


def _fitted(size: tuple[int, int], longest_side: int) -> tuple[int, int]:
    """Return width and height with the longer one at this; Pillow decodes to no less than both."""
    share = min(1.0, longest_side / max(size))
    return max(1, int(size[0] * share)), max(1, int(size[1] * share))


def _eight_bits(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I"):
        return image
    narrow = image.point(lambda value: value / 257).convert("L")
    narrow.info["exif"] = image.getexif().tobytes()
    return narrow


def _moment(told: Mapping[int, Any]) -> float | None:
    """Return when a photo says that it was taken; without an offset its time is this machine's."""
    try:
        moment = datetime.strptime(str(told[_TAKEN]).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - zone follows
        offset = str(told.get(_OFFSET, "")).strip("\0 ")
        zoned = datetime.fromisoformat(moment.isoformat() + offset) if offset else moment
        seconds = zoned.timestamp()
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return seconds if 0 < seconds < time.time() + 86_400 else None


def _place(told: Mapping[int, Any]) -> Place | None:
    try:
        latitude, longitude = (_degrees(told[number + 1]) for number in (1, 3))
        south, west = str(told[1]).startswith("S"), str(told[3]).startswith("W")
    except (KeyError, ValueError, TypeError, ZeroDivisionError, IndexError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Place(latitude=-latitude if south else latitude, longitude=-longitude if west else longitude)


def _degrees(parts: Any) -> float:  # noqa: ANN401 - whatever a file holds there
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
