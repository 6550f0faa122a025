"""YuNet, searching a picture at the sizes at which its faces are well seen; it embeds nothing.

The picture is searched at two sizes and more: fine, enlarged so that the smallest wanted face is wide enough, and again
in halves, where a large face is better seen and a second look at a small one is worth nothing. A large picture is
searched in tiles, which overlap by more than the faces that are looked for in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faces.located import Faces
from faces.onnx_session import Session
from faces.yunet_cells import Seen, read_levels, strongest_apart

Picture = NDArray[np.uint8]
# Found at a score of 0.75 are (37 pictures of crowds at three sizes) of faces that are in the searched picture 12 to
# 20 px wide 95 %, of those 15 to 25 px wide 97 %; wider than the second number they are searched for nothing.
_SEEN_FACE_PX = (15.0, 20.0)
_FINE_SCORE = 0.75
# A face that only the coarser search sees, from this width on, may score less: it adds no false one in those pictures.
_COARSE_SCORE, _COARSE_FACE_PX = 0.65, 20.0
_SAME_IOU = 0.3
# Of two boxes of different searches one may lie in the other.
_SAME_COVER = 0.7
_CELL_PX = 32
# 2.5 Mpx take 0.1 s and 200 MB on one thread; a picture that is not larger is not cut.
_TILE_PX, _WHOLE_PIXELS = 1280, 2_500_000
_OVERLAP_PX = 192
# Bounds the time for one picture (about 1 s); beyond it small faces are missed.
_MOST_PIXELS = 26_000_000


class YunetDetector:
    """A network of 76 thousand weights (Wu, Peng and Yu 2023); may be used by several threads at once."""

    name = "yunet"

    def __init__(self, network: Session) -> None:
        self._network = network

    def find(self, image: Picture, min_face_px: float) -> Faces:
        """Return the faces of a picture, strongest first; those at its edge may be cut off."""
        height, width = image.shape[:2]
        factor = self._factor(height, width, min_face_px)
        found: list[Seen] = []
        while len(found) < 2 or not _is_whole(round(height * factor * 2), round(width * factor * 2)):
            size = max(1, round(height * factor)), max(1, round(width * factor))
            found.append(self._found(image, size, coarse=bool(found)))
            factor /= 2
        every = Seen.together(found)
        best = every.pick(strongest_apart(every.boxes, every.scores, same_iou=_SAME_IOU, same_cover=_SAME_COVER))
        boxes, scores, points = (one.astype(np.float32) for one in (best.boxes, best.scores, best.points))
        return Faces(boxes, scores, points)

    def search(self, picture: Picture, least_score: float) -> Seen:
        """Return what a picture shows at its own size, as OpenCV's `FaceDetectorYN.detect` does, strongest first."""
        seen = read_levels(self._network.run_all({"picture": _filled(picture)[None]}), least_score)
        # OpenCV compares boxes of whole pixels.
        corner, sides = np.trunc(seen.boxes[:, :2]), np.trunc(seen.boxes[:, 2:] - seen.boxes[:, :2])
        whole = np.concatenate([corner, corner + sides], axis=1)
        return seen.pick(strongest_apart(whole, seen.scores, same_iou=_SAME_IOU))

    def _factor(self, height: int, width: int, min_face_px: float) -> float:
        """Return by how much the picture is enlarged for the finest search."""
        least, most = _SEEN_FACE_PX
        return min(max(1.0, least / min_face_px), most / min_face_px, math.sqrt(_MOST_PIXELS / (height * width)))

    def _found(self, image: Picture, size: tuple[int, int], *, coarse: bool) -> Seen:
        """Return what is found in the picture resized to (height, width), in its own pixels."""
        resized = _resized(image, size)
        least_score = _COARSE_SCORE if coarse else _FINE_SCORE
        parts = []
        for top, left, tile in _tiles(resized):
            seen = self.search(tile, least_score)
            if tile.shape != resized.shape:
                # A wider face may be cut by the tile's edge; a coarser search sees it whole.
                seen = seen.pick(seen.widths <= _OVERLAP_PX / 2)
            if coarse:
                seen = seen.pick(seen.widths >= _COARSE_FACE_PX)
            parts.append(seen.placed((1.0, 1.0), (left, top)))
        back = image.shape[1] / resized.shape[1], image.shape[0] / resized.shape[0]
        return Seen.together(parts).placed(back)


def _is_whole(height: int, width: int) -> bool:
    return height * width <= _WHOLE_PIXELS


def _resized(image: Picture, size: tuple[int, int]) -> Picture:
    if image.shape[:2] == size:
        return image
    shape = size[1], size[0]
    return np.asarray(Image.fromarray(image).resize(shape, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _filled(picture: Picture) -> Picture:
    """Return a picture with black at the right and the bottom, so that its sides are multiples of 32 pixels."""
    height, width = (-(-side // _CELL_PX) * _CELL_PX for side in picture.shape[:2])
    if picture.shape[:2] == (height, width):
        return np.ascontiguousarray(picture)
    filled = np.zeros((height, width, 3), dtype=np.uint8)
    filled[: picture.shape[0], : picture.shape[1]] = picture
    return filled


def _tiles(picture: Picture) -> Iterator[tuple[int, int, Picture]]:
    """Yield parts that overlap and cover a picture, each with its top and left; a picture of few pixels whole."""
    height, width = picture.shape[:2]
    if _is_whole(height, width):
        yield 0, 0, picture
        return
    for top in _begins(height):
        for left in _begins(width):
            yield top, left, picture[top : top + _TILE_PX, left : left + _TILE_PX]


def _begins(length: int) -> list[int]:
    """Return where parts begin along a side, evenly."""
    if length <= _TILE_PX:
        return [0]
    count = -(-(length - _OVERLAP_PX) // (_TILE_PX - _OVERLAP_PX))
    return [round(number * (length - _TILE_PX) / (count - 1)) for number in range(count)]
