"""Which pixels a cell of the detector's scores is about, and which pieces of a picture give chosen cells; no network.

The network is a stem without padding (three strides of 2) and a head with padding: a cell needs `context` cells on
each side of it, and beyond the picture's edge the head sees zeros. A piece of the picture therefore gives exact scores
for the cells that have their context inside of the piece, or whose missing context lies beyond the picture itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Piece:
    """Cells rows [top, bottom) and columns [left, right) of the whole grid, computed from their own pixels alone."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class ScoreGrid:
    """The cells of one picture.

    Attributes:
        rows: of cells.
        columns: of cells.
        stride: pixels from one cell to the next.
        stem: side in pixels of what the stem needs for one cell.
        context: cells that the head needs on each side.
    """

    rows: int
    columns: int
    stride: int
    stem: int
    context: int

    @classmethod
    def of(cls, height: int, width: int, *, stride: int, stem: int, context: int) -> ScoreGrid:
        """Return the grid of a picture of at least `stem` pixels a side."""
        return cls((height - stem) // stride + 1, (width - stem) // stride + 1, stride, stem, context)

    @property
    def whole(self) -> Piece:
        """The piece of all cells."""
        return Piece(0, 0, self.rows, self.columns)

    def inside(self, x: int, y: int, width: int, height: int) -> Piece:
        """Return the cells that are computed from these pixels, the first cell's pixels up to a stride before them."""
        top, left = y // self.stride, x // self.stride
        bottom = min((y + height - self.stem) // self.stride + 1, self.rows)
        right = min((x + width - self.stem) // self.stride + 1, self.columns)
        return Piece(top, left, max(bottom, top), max(right, left))

    def pixels(self, piece: Piece) -> tuple[slice, slice]:
        """Return the rows and columns of pixels that a piece is computed from."""
        return (
            slice(piece.top * self.stride, (piece.bottom - 1) * self.stride + self.stem),
            slice(piece.left * self.stride, (piece.right - 1) * self.stride + self.stem),
        )

    def centres(self, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (n, 2) xy pixels in the middle of cells (n, 2) row, column."""
        return cells[:, ::-1].astype(np.float64) * self.stride + (self.stem - 1) / 2

    def cells_at(self, points: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the cells (n, 2) row, column nearest to points (n, 2) xy; some may lie outside of the grid."""
        return np.rint((points - (self.stem - 1) / 2) / self.stride).astype(np.intp)[:, ::-1]

    def exact(self, piece: Piece) -> Piece:
        """Return the cells of a piece whose scores are those of the whole picture."""
        return Piece(
            0 if piece.top == 0 else piece.top + self.context,
            0 if piece.left == 0 else piece.left + self.context,
            self.rows if piece.bottom == self.rows else piece.bottom - self.context,
            self.columns if piece.right == self.columns else piece.right - self.context,
        )

    def patches(self, wanted: NDArray[np.bool_], *, side: int) -> list[Piece]:
        """Return pieces of one size whose exact cells cover all wanted cells.

        Args:
            wanted: (rows, columns).
            side: wanted cells that one piece covers, in rows and in columns.
        """
        high, wide = (min(side + 2 * self.context, most) for most in (self.rows, self.columns))
        left_over, pieces = wanted.copy(), []
        while left_over.any():
            row = int(np.argmax(left_over.any(axis=1)))
            column = int(np.argmax(left_over[row : row + side].any(axis=0)))
            top = min(max(row - self.context, 0), self.rows - high)
            left = min(max(column - self.context, 0), self.columns - wide)
            piece = Piece(top, left, top + high, left + wide)
            exact = self.exact(piece)
            left_over[exact.top : exact.bottom, exact.left : exact.right] = False
            pieces.append(piece)
        return pieces
