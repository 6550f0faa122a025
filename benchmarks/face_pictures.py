"""The pictures that the face benchmarks run on, and where the faces are in them; it measures nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drill.pictures import fetch_pictures

Picture = NDArray[np.uint8]
DATA_DIR = Path("var")
# Middle of the face in each portrait, shares of its width and height.
_FACE_AT = {
    "obama": (0.531, 0.220),
    "obama2": (0.498, 0.350),
    "obama3": (0.548, 0.185),
    "biden": (0.575, 0.159),
    "astronaut": (0.420, 0.240),
}
# Width of each face in the portrait as it came, pixels.
_FACE_WIDTH = {"obama": 235, "obama2": 283, "biden": 283, "astronaut": 94}
_Placed = tuple[str, int, tuple[int, int]]


class Scene(NamedTuple):
    """A picture and the middles of the faces that were put into it, (n, 2) xy pixels, some of them beyond its edges."""

    picture: Picture
    faces_at: NDArray[np.float64]


@cache
def portraits(data_dir: Path = DATA_DIR) -> dict[str, Image.Image]:
    """Return the portraits of the sample footage by name."""
    return {path.stem: Image.open(path).convert("RGB") for path in fetch_pictures(data_dir).values()}


@cache
def group() -> Scene:
    """Return 1000 x 714 pixels with four people, two of them cut off at the edges."""
    return _scene(
        (1000, 714),
        ("obama", 560, (40, 90)),
        ("astronaut", 512, (430, 190)),
        ("biden", 900, (690, -40)),
        ("obama3", 900, (-160, 260)),
    )


@cache
def single() -> Scene:
    """Return 1000 x 714 pixels with one person."""
    return _scene((1000, 714), ("obama", 700, (200, 14)))


@cache
def whole_faces() -> Scene:
    """Return 1000 x 714 pixels with four whole faces, from 50 to 105 pixels wide."""
    return _scene(
        (1000, 714),
        ("obama", 250, (40, 90)),
        ("astronaut", 512, (300, 190)),
        ("biden", 640, (690, 60)),
        ("obama2", 420, (60, 290)),
    )


@cache
def phone_photo() -> Scene:
    """Return 4032 x 3024 pixels, as phones take them, with three whole faces, from 235 to 285 pixels wide."""
    return _scene(
        (4032, 3024), ("obama", 1137, (300, 1500)), ("biden", 2204, (1500, 700)), ("obama3", 1900, (2700, 900))
    )


@cache
def row_of_faces(width: int) -> Scene:
    """Return 4032 x 3024 pixels with the four portraits, each face about so many pixels wide."""
    placed: list[_Placed] = []
    for number, (name, wide) in enumerate(_FACE_WIDTH.items()):
        portrait = portraits()[name]
        placed.append((name, round(width * portrait.height / wide), (80 + 980 * number, 120)))
    return _scene((4032, 3024), *placed)


@cache
def all_scenes() -> tuple[Scene, ...]:
    """Return scenes and portraits of about 0.3 Mpx, landscape and portrait, with faces cut off at each edge."""
    places = ((-120, 60), (380, 40), (120, -110), (150, 210))
    cut = [_scene((600, 400), ("obama", 420, place)) for place in places]
    upright = [
        _scene((round(image.width * 640 / image.height), 640), (name, 640, (0, 0)))
        for name, image in portraits().items()
    ]
    return (*cut, *upright, _scene((400, 640), ("astronaut", 500, (-60, 200)), ("biden", 420, (180, -20))), group())


def _scene(size: tuple[int, int], *placed: _Placed) -> Scene:
    width, height = size
    noise = np.random.default_rng(1).normal(110, 12, (height, width, 3)).clip(0, 255).astype(np.uint8)
    canvas, middles = Image.fromarray(noise), []
    for name, high, (left, top) in placed:
        portrait = portraits()[name]
        wide = round(portrait.width * high / portrait.height)
        canvas.paste(portrait.resize((wide, high), Image.Resampling.LANCZOS), (left, top))
        x, y = _FACE_AT[name]
        middles.append((left + x * wide, top + y * high))
    return Scene(np.asarray(canvas), np.array(middles))
