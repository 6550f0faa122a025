"""Reads the frame counter that the test pattern burns in. Reads no other picture."""

import numpy as np

from camera_processor.capture.sources.pattern import DIGITS, GLYPHS, cell_size


def read_counter(image: np.ndarray) -> int:
    """Return the number in a (h, w, 3) RGB test picture; ValueError when a digit is none."""
    cell = cell_size(image.shape[1])
    digits = []
    for place in range(DIGITS):
        x, y = (place * 4 + 1) * cell + cell // 2, cell + cell // 2
        bits = image[y : y + 5 * cell : cell, x : x + 3 * cell : cell, 0].reshape(-1)[:15] > 128
        digits.append(GLYPHS.index(int("".join("1" if bit else "0" for bit in bits), 2)))
    return int("".join(map(str, digits)))
