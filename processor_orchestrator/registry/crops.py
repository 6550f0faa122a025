"""The face that matched, cut out of a photo that was made safe before. Does not look for faces."""

import io

from PIL import Image

from backbone.wire.values import Rect

MAX_SIDE = 256
MARGIN = 0.5
"""Of the face's own width and height, on each side: a person has to be recognised by people."""


def face_crop(jpeg: bytes, rect: Rect) -> bytes:
    """Return a small JPEG of the face at `rect`, x1, y1, x2, y2 in shares of the upright picture; all of it for none.

    Args:
        jpeg: from `backbone.pictures.cleaner.PictureCleaner`, never as it came.
    """
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as photo:
        box = _box(rect, photo.width, photo.height)
        crop = photo.crop(box).convert("RGB")
    crop.thumbnail((MAX_SIDE, MAX_SIDE))
    out = io.BytesIO()
    crop.save(out, "JPEG", quality=85)
    return out.getvalue()


def _box(rect: Rect, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the pixels to cut out, within the picture and never empty."""
    x1, y1, x2, y2 = rect
    wide, high = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    left, top = max(0, int((x1 - wide) * width)), max(0, int((y1 - high) * height))
    right, bottom = min(width, int((x2 + wide) * width)), min(height, int((y2 + high) * height))
    return (left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else (0, 0, width, height)
