"""How many labelled faces a detector found, by width and pose, and how many boxes hold none; it detects nothing.

A box finds the face that it overlaps most, intersection over union 0.3 and more (dlib's squares end at the brows), and
each face is found once. A box that overlaps no label is false, unless half of it lies in a face that is to be ignored;
a second box of a face that is found already is counted beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_faces import Labels

Boxes = NDArray[np.floating]
LEAST_IOU = 0.3
_IGNORED_SHARE = 0.5
PROFILE_YAW, PROFILE_PX = 0.35, 40.0
WIDTHS = ((12.0, 20.0), (20.0, 40.0), (40.0, 80.0), (80.0, np.inf))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture.

    Attributes:
        found: (labels,) which were.
        false: (boxes,) which hold no face.
        again: (boxes,) which show a face that another box shows.
    """

    found: NDArray[np.bool_]
    false: NDArray[np.bool_]
    again: NDArray[np.bool_]

    @classmethod
    def of(cls, boxes: Boxes, labels: Labels) -> Outcome:
        """Match boxes (n, 4) xyxy with labels, the best pairs first."""
        overlaps = _shared(boxes, labels.boxes)
        ious = overlaps / np.maximum(_areas(boxes)[:, None] + _areas(labels.boxes) - overlaps, 1e-9)
        found, used = np.zeros(len(labels.boxes), np.bool_), np.zeros(len(boxes), np.bool_)
        for place in np.argsort(-ious, axis=None, kind="stable"):
            box, label = np.unravel_index(place, ious.shape)
            if ious[box, label] < LEAST_IOU:
                break
            if not used[box] and not found[label]:
                used[box], found[label] = True, True
        near = (ious >= LEAST_IOU).any(axis=1)
        shares = overlaps / np.maximum(_areas(boxes), 1e-9)[:, None]
        passed = (shares[:, labels.ignored] >= _IGNORED_SHARE).any(axis=1)
        return cls(found, np.logical_not(near | passed), near & np.logical_not(used | passed))


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    def __str__(self) -> str:
        return f"{self.count}/{self.of} {self.count / self.of:.1%}" if self.of else "-"


@dataclass(frozen=True, slots=True)
class Recall:
    """What a detector found on many pictures.

    Attributes:
        by_width: of the labels in each of `WIDTHS`.
        profiles: of the faces turned by `PROFILE_YAW` and more, from `PROFILE_PX` on.
        false: boxes without a face.
        again: boxes of a face that another box shows.
    """

    by_width: tuple[Share, ...]
    profiles: Share
    false: int
    again: int

    @classmethod
    def of(cls, pictures: Sequence[tuple[Labels, Outcome]]) -> Recall:
        """Count over all pictures."""
        found = np.concatenate([np.empty(0, np.bool_), *(outcome.found for _, outcome in pictures)])
        widths, yaws, ignored = (
            np.concatenate([np.empty(0), *(getattr(labels, name) for labels, _ in pictures)])
            for name in ("widths", "yaws", "ignored")
        )
        counts = ignored == 0
        shares = tuple(_share(found, counts & (widths >= least) & (widths < most)) for least, most in WIDTHS)
        turned = counts & (np.abs(yaws) >= PROFILE_YAW) & (widths >= PROFILE_PX)
        false = sum(int(outcome.false.sum()) for _, outcome in pictures)
        again = sum(int(outcome.again.sum()) for _, outcome in pictures)
        return cls(shares, _share(found, turned), false, again)


def _share(found: NDArray[np.bool_], rows: NDArray[np.bool_]) -> Share:
    return Share(int(found[rows].sum()), int(rows.sum()))


def _areas(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), dtype=np.float64)


def _shared(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Return the area (n, m) that each box shares with each of the others."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0.0), axis=2), dtype=np.float64)
