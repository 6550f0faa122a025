"""The binary header before a JPEG."""

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import BadInput, TooLarge
from backbone.wire.codec import PICTURE_BYTES
from backbone.wire.stream_frames import StreamFrame, unpack

seconds = st.floats(0, 4e9)
JPEG = b"\xff\xd8\xff\xe0 the rest"


@given(st.binary(min_size=2), seconds, st.integers(0, 2**32 - 1), seconds, seconds)
def test_a_frame_comes_back_as_it_went(body, frame_id, sequence, grabbed_at, encoded_at):
    frame = StreamFrame(b"\xff\xd8" + body, frame_id, sequence, grabbed_at, encoded_at)
    assert unpack(frame.pack()) == frame


def test_the_header_is_laid_out_as_documented():
    packed = StreamFrame(JPEG, 1.5, 2**32 + 7, 2.5, 3.5).pack()
    assert packed == b"SLF1" + struct.pack(">Iddd", 7, 1.5, 2.5, 3.5) + JPEG


@pytest.mark.parametrize("message", [b"", b"SLF1", b"SLF2" + bytes(28) + JPEG, b"SLF1" + bytes(28), JPEG, bytes(100)])
def test_what_does_not_begin_with_the_header_is_refused(message):
    with pytest.raises(BadInput, match="expected a binary message that starts with b'SLF1', got"):
        unpack(message)


def test_what_is_no_jpeg_is_refused():
    with pytest.raises(BadInput, match="expected a JPEG after the header, got b'GIF8'"):
        unpack(b"SLF1" + bytes(28) + b"GIF89a")


def test_a_jpeg_may_have_8_mib():
    jpeg = JPEG.ljust(PICTURE_BYTES, b"\0")
    assert unpack(StreamFrame(jpeg, 1.0, 1, 1.0, 1.0).pack()).jpeg == jpeg
    with pytest.raises(TooLarge, match=f"got {PICTURE_BYTES + 1}"):
        unpack(StreamFrame(jpeg + b"\0", 1.0, 1, 1.0, 1.0).pack())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_bad_input(message):
    with contextlib.suppress(BadInput):
        assert unpack(message).pack() == message
