import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces import BadWeights
from faces.dlib_format import DlibReader


def written(value):
    """An integer as dlib writes it."""
    digits = abs(value).to_bytes(max(1, (abs(value).bit_length() + 7) // 8), "little")
    return bytes([len(digits) | (0x80 if value < 0 else 0)]) + digits


def tensor(values):
    return written(2) + b"".join(map(written, values.shape)) + values.astype("<f4").tobytes()


def reader(content):
    return DlibReader(content, name="some.dat")


@given(st.integers(-(2**64) + 1, 2**64 - 1))
def test_an_integer_comes_back(value):
    assert reader(written(value)).integer() == value


@given(st.integers(-(2**53), 2**53), st.integers(-900, 900))
def test_a_number_is_mantissa_and_exponent(mantissa, exponent):
    assert reader(written(mantissa) + written(exponent)).number() == mantissa * 2.0**exponent


def test_a_tensor_comes_back_with_its_shape():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1)
    np.testing.assert_array_equal(reader(tensor(values)).tensor(), values)


@pytest.mark.parametrize(
    ("content", "word", "text"),
    [
        (b"", "integer", "1 bytes at byte 0, found the end of the file at byte 0"),
        (b"\x09" + bytes(9), "integer", "an integer of 1 to 8 bytes at byte 0, found 09 00"),
        (b"\x00", "integer", "an integer of 1 to 8 bytes"),
        (b"\x04\x01", "integer", "4 bytes at byte 1, found the end of the file at byte 2"),
        (written(1) + written(5000), "number", "a finite number at byte 0"),
        (written(200) + b"x", "text", "the length of a text, 0..64 at byte 0"),
        (written(2) + b"\xff\xfe", "text", "an ASCII text at byte 0"),
        (b"2", "truth", "a bool, 0 or 1 at byte 0"),
        (written(1), "tensor", "the version of a tensor, 2..2 at byte 0"),
        (written(2) + written(-1), "tensor", "a dimension"),
        (written(2) + written(2**40), "tensor", "a dimension"),
        (tensor(np.zeros((2, 2, 2, 2)))[:-1], "tensor", "64 bytes at byte 10, found the end of the file at byte 73"),
        (tensor(np.full((1, 1, 1, 1), np.nan)), "tensor", "a tensor of finite numbers at byte 0"),
        (b"\x01", "end", "the end of the file at byte 0, found 01"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_and_byte(content, word, text):
    with pytest.raises(BadWeights, match=r"^some\.dat: ") as refused:
        getattr(reader(content), word)()
    assert text in str(refused.value)


@given(st.binary(max_size=200), st.lists(st.sampled_from(["integer", "number", "text", "truth", "tensor"]), max_size=9))
def test_any_bytes_are_read_or_refused(content, words):
    some = reader(content)
    for word in words:
        try:
            getattr(some, word)()
        except BadWeights:
            return
        assert some.offset <= len(content)


def test_floats_are_little_endian_on_every_machine():
    content = written(2) + b"".join(map(written, (1, 1, 1, 1))) + struct.pack("<f", 1.5)
    assert reader(content).tensor()[0, 0, 0, 0] == 1.5
