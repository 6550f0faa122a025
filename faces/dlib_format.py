"""The small words of dlib's serialization: integers, floats, texts and tensors; it knows no layer and no network.

The layout is that of `dlib/serialize.h` and of `serialize(tensor)` in `dlib/dnn/tensor.h` (dlib 19 and 20). An integer
is one byte, its length with the sign in the highest bit, and that many little-endian bytes. A float is two integers,
mantissa and exponent to the base 2. A tensor is the version 2, four dimensions and raw little-endian float32.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faces.errors import BadWeights

_TENSOR_VERSION = 2
_MOST_DIGITS = 8
_MOST_TEXT = 64
_MOST_EXPONENT = 1000


class DlibReader:
    """Reads one file of dlib from its first byte to its last.

    Attributes:
        offset: bytes read so far; where the next word begins.
    """

    def __init__(self, content: bytes, *, name: str) -> None:
        self._content, self._name = content, name
        self.offset = 0

    @classmethod
    def open(cls, path: Path) -> DlibReader:
        """Read a whole file into memory."""
        return cls(path.read_bytes(), name=path.name)

    def fault(self, expected: str, *, offset: int | None = None) -> BadWeights:
        """Return the error that says what was expected at `offset` (default: where the reader is)."""
        at = self.offset if offset is None else offset
        found = self._content[at : at + 8].hex(" ") or "the end of the file"
        return BadWeights(f"{self._name}: expected {expected} at byte {at}, found {found}")

    def integer(self) -> int:
        """Return the next integer, at most 64 bits and a sign."""
        began = self.offset
        head = self._take(1)[0]
        length, negative = head & 0x7F, bool(head & 0x80)
        if not 1 <= length <= _MOST_DIGITS:
            raise self.fault("an integer of 1 to 8 bytes", offset=began)
        value = int.from_bytes(self._take(length), "little")
        return -value if negative else value

    def between(self, least: int, most: int, what: str) -> int:
        """Return the next integer, which is `what` and has to be `least`..`most`."""
        began = self.offset
        value = self.integer()
        if not least <= value <= most:
            raise self.fault(f"{what}, {least}..{most}", offset=began)
        return value

    def number(self) -> float:
        """Return the next float or double, finite."""
        began = self.offset
        mantissa, exponent = self.integer(), self.integer()
        if not -_MOST_EXPONENT <= exponent <= _MOST_EXPONENT or abs(mantissa) >= 2**63:
            raise self.fault("a finite number", offset=began)
        return math.ldexp(mantissa, exponent) if mantissa else 0.0

    def text(self) -> str:
        """Return the next text, ASCII and at most 64 bytes long."""
        began = self.offset
        length = self.between(0, _MOST_TEXT, "the length of a text")
        try:
            return self._take(length).decode("ascii")
        except UnicodeDecodeError:
            raise self.fault("an ASCII text", offset=began) from None

    def word(self, expected: str) -> None:
        """Step over a text that has to be `expected`."""
        began = self.offset
        if self.text() != expected:
            raise self.fault(f"the text {expected!r}", offset=began)

    def truth(self) -> bool:
        """Return the next bool, written as the character 0 or 1."""
        value = self._take(1)
        if value not in (b"0", b"1"):
            raise self.fault("a bool, 0 or 1", offset=self.offset - 1)
        return value == b"1"

    def tensor(self) -> NDArray[np.float32]:
        """Return the next tensor, four dimensions, read-only and finite."""
        began = self.offset
        self.between(_TENSOR_VERSION, _TENSOR_VERSION, "the version of a tensor")
        shape = self.shape()
        size = math.prod(shape) * 4
        values = np.frombuffer(self._take(size), dtype="<f4").reshape(shape).astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise self.fault("a tensor of finite numbers", offset=began)
        return values

    def shape(self) -> tuple[int, int, int, int]:
        """Return the next four dimensions."""
        most = len(self._content)
        first, second, third, fourth = (self.between(0, most, "a dimension") for _ in range(4))
        return first, second, third, fourth

    def end(self) -> None:
        """Refuse anything that follows."""
        if self.offset != len(self._content):
            raise self.fault("the end of the file")

    def _take(self, count: int) -> bytes:
        if count > len(self._content) - self.offset:
            raise BadWeights(
                f"{self._name}: expected {count} bytes at byte {self.offset}, "
                f"found the end of the file at byte {len(self._content)}"
            )
        taken = self._content[self.offset : self.offset + count]
        self.offset += count
        return taken
