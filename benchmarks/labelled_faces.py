"""A folder of pictures whose faces are labelled in `faces.json`; it detects nothing.

`faces.json` holds, by the picture's file name, its faces: `box` xyxy in pixels, `yaw` (0 frontal, +-1 a profile, null
unknown) and `ignore` (a face that may be found or not).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LABELS = "faces.json"


class LabelsMissing(Exception):
    """A folder holds no labels, or others than expected."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labelled faces of one picture.

    Attributes:
        boxes: (n, 4) xyxy, pixels.
        yaws: (n,) NaN where it is unknown.
        ignored: (n,) whether it does not count.
    """

    boxes: NDArray[np.float64]
    yaws: NDArray[np.float64]
    ignored: NDArray[np.bool_]

    @property
    def widths(self) -> NDArray[np.float64]:
        """(n,) pixels."""
        return np.asarray(self.boxes[:, 2] - self.boxes[:, 0])

    def resized(self, factors: tuple[float, float]) -> Labels:
        """Return them in the picture made larger by these factors of x and y."""
        return Labels(self.boxes * np.array(factors * 2), self.yaws, self.ignored)


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture at one of its sizes, (h, w, 3) uint8 RGB, and what is on it."""

    name: str
    picture: NDArray[np.uint8]
    labels: Labels


def labelled_pictures(folder: Path, divisors: tuple[int, ...]) -> Iterator[LabelledPicture]:
    """Yield each picture at each size, in the order of names; a size is a divisor of the sides, 1 and more.

    Raises:
        LabelsMissing: there is no `faces.json`, or it is of another layout, or names a picture that is not there.
    """
    for name, labels in sorted(_read_labels(folder / LABELS).items()):
        try:
            with Image.open(folder / name) as opened:
                whole = opened.convert("RGB")
        except FileNotFoundError as fault:
            raise LabelsMissing(f"{folder / LABELS}: expected the picture {name}, found none") from fault
        for divisor in divisors:
            size = max(1, round(whole.width / divisor)), max(1, round(whole.height / divisor))
            # The mean of an area is what a camera sees that stands farther away.
            smaller = whole if divisor == 1 else whole.resize(size, Image.Resampling.BOX)
            factors = size[0] / whole.width, size[1] / whole.height
            yield LabelledPicture(f"{name} 1/{divisor}", np.asarray(smaller), labels.resized(factors))


def _read_labels(path: Path) -> dict[str, Labels]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: _labels(faces) for name, faces in content.items()}
    except FileNotFoundError as fault:
        raise LabelsMissing(f"{path}: expected the labels of a folder of pictures, found none") from fault
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise LabelsMissing(f"{path}: expected faces with box, yaw and ignore by picture, got {fault!r}") from fault


def _labels(faces: list[dict[str, object]]) -> Labels:
    return Labels(
        np.array([face["box"] for face in faces], dtype=np.float64).reshape(-1, 4),
        np.array([face["yaw"] for face in faces], dtype=np.float64),
        np.array([face["ignore"] for face in faces], dtype=np.bool_),
    )
