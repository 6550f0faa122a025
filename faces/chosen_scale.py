"""The size at which a picture is searched, so that a detector sees the smallest wanted face; it resizes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """How a picture is resized for the search: first by means of blocks, then to its last size by interpolation.

    Attributes:
        block: side of the averaged blocks, pixels; 1 when the picture is not shrunk to a half or less.
        width: of the searched picture, pixels.
        height: of the searched picture, pixels.
        back: factors of x and y from the searched picture's pixels to the picture's own.
    """

    block: int
    width: int
    height: int
    back: tuple[float, float]

    @classmethod
    def fit(
        cls, width: int, height: int, *, min_face_px: float, seen_face_px: tuple[float, float], most_pixels: int
    ) -> Scale:
        """Choose the picture's own size if it will do, else the nearest to it that will, under `most_pixels`.

        A size will do when a face of `min_face_px` is there between the two widths of `seen_face_px`.
        """
        least, most = seen_face_px
        wanted = min(max(1.0, least / min_face_px), most / min_face_px, (most_pixels / (width * height)) ** 0.5)
        block = max(1, min(int(1 / wanted), width, height))
        blocks_wide, blocks_high = width // block, height // block
        to_width = max(1, int(blocks_wide * block * wanted + 0.001))
        to_height = max(1, int(blocks_high * block * wanted + 0.001))
        # Both interpolations used here put corner pixels on corner pixels, hence the "- 1".
        back_x = (blocks_wide - 1) / (to_width - 1) if to_width > 1 else 1.0
        back_y = (blocks_high - 1) / (to_height - 1) if to_height > 1 else 1.0
        return cls(block, to_width, to_height, (block * back_x, block * back_y))

    def boxes_back(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return boxes (n, 4) xyxy of the searched picture in the picture's own pixels."""
        return boxes * np.array(self.back * 2, dtype=np.float64) + (self.block - 1) / 2


def block_means(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the means of blocks of side x side pixels; what does not fill a block at the far edges is left out.

    Interpolation alone would skip pixels below one half and leave stair steps in the gradients (12 Mpx by 2: 39 ms).
    """
    if side == 1:
        return image
    height, width = image.shape[0] // side, image.shape[1] // side
    total = np.zeros((height, width, 3), dtype=np.uint32)
    for row in range(side):
        for column in range(side):
            total += image[row : height * side : side, column : width * side : side]
    return (total // side**2).astype(np.uint8)
