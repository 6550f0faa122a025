"""YuNet, searching a picture at the sizes at which its faces are well seen; it embeds nothing.

The picture is searched at two sizes and more, see `search_plan.py`: fine, mostly enlarged, so that the smallest wanted
face is wide enough, and again in halves, where a large face is better seen. What is seen at several sizes or in several
tiles is one face; what is doubtful is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faces.chosen_scale import block_means
from faces.located import Faces
from faces.onnx_session import Session
from faces.search_plan import MS_PER_MPX, OVERLAP_PX, Plan, plan, tiles
from faces.second_look import look_again
from faces.yunet_cells import Seen, read_levels, strongest_apart

Picture = NDArray[np.uint8]
# A box is looked at again from the first score on, unless it has the second (up to 40 px wide) or the third (wider: a
# dog's face has 0.89). It is a face when the mean of its score and of the second look reaches the fourth: 37 pictures
# of crowds at three sizes have 8 false ones at 0.5, 6 at 0.56, 2 at 0.6, 1 at 0.65, none at 0.7, while the faces of 12
# to 20 px that are found go from 99.1 to 98.5 %, of soft grey ones with eyes 8 px apart from 93 to 91 %. Backs of heads
# with an ear have up to 0.64, once in 15 frames of a clip.
DOUBTFUL_SCORE, _SURE_SMALL_SCORE, _SURE_SCORE, LEAST_SCORE = 0.5, 0.86, 0.9, 0.62
_SMALL_FACE_PX = 40.0
# What there is no time to look at again has to have this score.
_UNASKED_SCORE = 0.75
_SAME_IOU = 0.3
# Of two boxes of different searches one may lie in the other.
_SAME_COVER = 0.7
# A found face may be narrower than the smallest wanted one by this much.
_LEAST_WIDTH = 0.75
_CELL_PX = 32
_DOUBLED_CELL_PX = _CELL_PX // 2
_SLOW_CHANGE = 0.1


class YunetDetector:
    """A network of 76 thousand weights (Wu, Peng and Yu 2023); may be used by several threads at once."""

    name = "yunet"

    def __init__(self, network: Session, doubled: Session) -> None:
        self._network, self._doubled = network, doubled
        self._ms_per_mpx = MS_PER_MPX

    def find(self, image: Picture, min_face_px: float, budget_ms: float | None = None) -> Faces:
        """Return the faces of a picture, strongest first; those at its edge may be cut off.

        Their confidence is the score of the best search, of doubtful ones its mean with the second look's.

        Args:
            image: (h, w, 3) RGB.
            min_face_px: pixels of `image`.
            budget_ms: about what the search may take; None: what it needs, always the same for the same picture.
        """
        planned = plan(image.shape[:2], min_face_px, budget_ms, ms_per_mpx=self._ms_per_mpx)
        found, seconds = [], 0.0
        for picture, back, doubled in _sizes(image, planned):
            began = perf_counter()
            found.append(self._found(picture, back, doubled=doubled))
            seconds += perf_counter() - began
        self._learn_speed(seconds * 1000, planned.pixels)
        every = Seen.together(found)
        every = every.pick(every.widths >= min_face_px * _LEAST_WIDTH)
        best = every.pick(strongest_apart(every.boxes, every.scores, same_iou=_SAME_IOU, same_cover=_SAME_COVER))
        best = self._ascertained(image, best, planned.looks)
        boxes, scores, points = (one.astype(np.float32) for one in (best.boxes, best.scores, best.points))
        return Faces(boxes, scores, points)

    def search(self, picture: Picture, least_score: float, *, doubled: bool = False) -> Seen:
        """Return what a picture shows at its own size, as OpenCV's `FaceDetectorYN.detect` does, strongest first.

        `doubled`: as it would show it enlarged by two, in pixels of that.
        """
        if doubled:
            levels = self._doubled.run_all({"picture": _filled(picture, _DOUBLED_CELL_PX)[None]})
        else:
            levels = self._network.run_all({"picture": _filled(picture, _CELL_PX)[None]})
        seen = read_levels(levels, least_score)
        # OpenCV compares boxes of whole pixels.
        corner, sides = np.trunc(seen.boxes[:, :2]), np.trunc(seen.boxes[:, 2:] - seen.boxes[:, :2])
        whole = np.concatenate([corner, corner + sides], axis=1)
        return seen.pick(strongest_apart(whole, seen.scores, same_iou=_SAME_IOU))

    def _found(self, picture: Picture, back: tuple[float, float], *, doubled: bool) -> Seen:
        """Return what is found in a picture, its places times `back`, xy."""
        enlarged = 2 if doubled else 1
        parts = list(self._tiles_seen(picture, enlarged))
        return Seen.together(parts).placed((back[0] / enlarged, back[1] / enlarged))

    def _tiles_seen(self, picture: Picture, enlarged: int) -> Iterator[Seen]:
        for rows, columns in tiles(*picture.shape[:2], enlarged=enlarged):
            tile = picture[rows, columns]
            seen = self.search(tile, DOUBTFUL_SCORE, doubled=enlarged == 2)
            if tile.shape != picture.shape:
                # A wider face may be cut by the tile's edge; a coarser search sees it whole.
                seen = seen.pick(seen.widths <= OVERLAP_PX / 2)
            yield seen.placed((1.0, 1.0), (columns.start * enlarged, rows.start * enlarged))

    def _ascertained(self, image: Picture, seen: Seen, looks: int) -> Seen:
        """Return those that are faces, after a second look at the strongest of the doubtful ones."""
        sure = seen.scores >= np.where(seen.widths <= _SMALL_FACE_PX, _SURE_SMALL_SCORE, _SURE_SCORE)
        doubtful = np.nonzero(~sure)[0][:looks]
        again = look_again(lambda chips: self._network.run_all({"picture": chips}), image, seen.pick(doubtful))
        scores = np.where(seen.scores >= _UNASKED_SCORE, seen.scores, 0.0)
        scores[doubtful] = (seen.scores[doubtful] + again) / 2
        kept = np.nonzero(scores >= LEAST_SCORE)[0]
        kept = kept[np.argsort(-scores[kept], kind="stable")]
        return Seen(seen.boxes[kept], scores[kept], seen.points[kept])

    def _learn_speed(self, milliseconds: float, pixels: int) -> None:
        self._ms_per_mpx += (milliseconds / pixels * 1e6 - self._ms_per_mpx) * _SLOW_CHANGE


def _sizes(image: Picture, planned: Plan) -> Iterator[tuple[Picture, tuple[float, float], bool]]:
    """Yield a picture as it is searched, the factors of x and y back to its own pixels, and whether enlarged by two."""
    smaller = block_means(image, planned.block)
    picture = _resized(smaller, (planned.height, planned.width))
    back = planned.block * smaller.shape[1] / planned.width, planned.block * smaller.shape[0] / planned.height
    if planned.doubled:
        yield picture, back, True
    yield picture, back, False
    for _ in range(planned.halvings):
        picture, back = block_means(picture, 2), (back[0] * 2, back[1] * 2)
        yield picture, back, False


def _resized(image: Picture, size: tuple[int, int]) -> Picture:
    if image.shape[:2] == size:
        return image
    shape = size[1], size[0]
    return np.asarray(Image.fromarray(image).resize(shape, Image.Resampling.BILINEAR))


def _filled(picture: Picture, cell_px: int) -> Picture:
    """Return a picture with black at the right and the bottom, so that its sides are multiples of so many pixels."""
    height, width = (-(-side // cell_px) * cell_px for side in picture.shape[:2])
    if picture.shape[:2] == (height, width):
        return np.ascontiguousarray(picture)
    filled = np.zeros((height, width, 3), dtype=np.uint8)
    filled[: picture.shape[0], : picture.shape[1]] = picture
    return filled
