"""Records on the capture pipe survive any fragmentation, and nothing but records passes."""

import struct

import numpy as np
import pytest

from backbone.errors import BadInput
from camera_processor.capture.wire import HEADER_BYTES, Header, Kind, RecordReader, unpack


def feed(reader, data, piece):
    records = []
    while data:
        room = reader.room()
        count = min(len(room), piece, len(data))
        room[:count] = data[:count]
        data = data[count:]
        if record := reader.advance(count):
            records.append(record)
    return records


@pytest.mark.parametrize("piece", [1, 7, HEADER_BYTES, 4096])
def test_pictures_come_out_whole_however_they_were_cut(piece):
    images = [np.random.default_rng(seed).integers(0, 256, (5 + seed, 7, 3), np.uint8) for seed in range(3)]
    data = b""
    for number, image in enumerate(images, start=1):
        data += Header(Kind.PICTURE, number, 0, 1e9 + number, 1e9, 7, image.shape[0]).pack() + image.tobytes()
        data += Header(Kind.IDLE).pack()
    records = feed(RecordReader(), data, piece)
    assert [header.kind for header, _ in records] == [Kind.PICTURE, Kind.IDLE] * 3
    for (header, image), sent in zip(records[::2], images, strict=True):
        assert np.array_equal(image, sent)
        assert header.frame_id == 1e9 + header.sequence


def test_each_picture_owns_its_memory():
    image = np.zeros((2, 2, 3), np.uint8)
    data = Header(Kind.PICTURE, 1, width=2, height=2).pack() + image.tobytes()
    (_, first), (_, second) = feed(RecordReader(), data * 2, 4096)
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize(
    "head",
    [
        b"\0" * HEADER_BYTES,
        b"\xff" * HEADER_BYTES,
        b"WARNING: a library printed this to stdout"[:HEADER_BYTES].ljust(HEADER_BYTES),
        Header(Kind.PICTURE, width=0, height=0).pack(),
        Header(Kind.PICTURE, width=0xFFFFFFFF, height=0xFFFFFFFF).pack(),
        Header(Kind.PICTURE, width=8000, height=5001).pack(),
        Header(Kind.IDLE, width=1, height=1).pack(),
        Header(Kind.PICTURE, frame_id=float("nan"), width=1, height=1).pack(),
        Header(Kind.PICTURE, started_at=float("inf"), width=1, height=1).pack(),
        Header(Kind.PICTURE, width=1, height=1).pack()[:4] + b"\x09" + Header(Kind.END).pack()[5:],
    ],
)
def test_a_head_that_the_child_would_not_write_is_refused(head):
    with pytest.raises(BadInput, match="expected"):
        unpack(head)


def test_a_head_is_read_as_it_was_written():
    header = Header(Kind.PICTURE, 7, 3, 1_700_000_000.125, 1_700_000_000.0, 8000, 5000)
    assert unpack(header.pack()) == header
    assert struct.calcsize("!4sBIIQQdd") == HEADER_BYTES
