"""A clip whose pictures carry their own number, so that a viewer can tell how old each is. It opens no connection."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

WIDTH, HEIGHT, FPS, QUALITY = 1280, 720, 25, 80
PICTURES = 50
"""Two seconds: older than that no picture may be, or its age is told too small."""
_BITS = 6
_BLOCK = 48
_MIDDLE = 128


def clip() -> list[bytes]:
    """Return the JPEGs: a scene with grain and one thing that moves through it, about 90 KB each."""
    chance = np.random.default_rng(1)
    grain = Image.fromarray(chance.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))
    scene = np.asarray(grain.filter(ImageFilter.GaussianBlur(2.5)), dtype=np.uint8)
    return [_jpeg(_numbered(scene, number)) for number in range(PICTURES)]


def _numbered(scene: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    picture = scene.copy()
    x = round((WIDTH - 200) * (1 + math.sin(number / PICTURES * 2 * math.pi)) / 2)
    picture[300:500, x : x + 200] = 60
    for bit in range(_BITS):
        picture[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 255 * (number >> bit & 1)
    return picture


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def number_of(jpeg: bytes) -> int:
    """Return the number that a picture carries; it may have been compressed again."""
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("L", (WIDTH // 8, HEIGHT // 8))
        grey = np.asarray(image.convert("L"))
    scale = grey.shape[1] / WIDTH
    centres = [int((bit + 0.5) * _BLOCK * scale) for bit in range(_BITS)]
    row = int(_BLOCK / 2 * scale)
    return sum(1 << bit for bit, x in enumerate(centres) if grey[row, x] > _MIDDLE)


def number_at(now: float) -> int:
    """Return which picture the source shows at a time, seconds since the epoch."""
    return int(now * FPS) % PICTURES


def age_of(number: int, now: float) -> float:
    """Return for how long the source has shown or ceased to show a picture: seconds since its turn began."""
    return (now - number / FPS) % (PICTURES / FPS)
