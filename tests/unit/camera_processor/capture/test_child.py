"""The child writes what its source plays as records; a reader that is slow gets the newest picture, or every one."""

import io
import json
import os
import threading

import numpy as np
import pytest

from camera_processor.capture import child
from camera_processor.capture.child import Outlet, Request, deliver, read_request
from camera_processor.capture.sources.pace import Picture
from camera_processor.capture.wire import Kind, RecordReader


def picture(number):
    return Picture(np.full((2, 3, 3), number, np.uint8), 1e9 + number, 1e9)


class Pipe:
    """A pipe that is read to its end on a thread of its own."""

    def __init__(self):
        self.out, self.into = os.pipe()
        self.records = []
        self._thread = threading.Thread(target=self._read)

    def _read(self):
        reader = RecordReader()
        while count := os.readv(self.out, [reader.room()]):
            if record := reader.advance(count):
                self.records.append(record)

    def read_all(self):
        """Return every record, once all is written."""
        self._thread.start()
        os.close(self.into)
        self._thread.join()
        os.close(self.out)
        return self.records


@pytest.fixture
def pipe():
    return Pipe()


def test_every_picture_is_written_with_its_number_and_gaps_tell_of_drops(pipe):
    deliver([picture(1), None, None, picture(4)], Outlet(pipe.into), newest_only=False)
    records = pipe.read_all()
    assert [(header.kind, header.sequence) for header, _ in records] == [
        (Kind.PICTURE, 1),
        (Kind.PICTURE, 4),
        (Kind.END, 4),
    ]
    assert (records[1][1] == 4).all()
    assert (records[1][0].frame_id, records[1][0].started_at) == (1e9 + 4, 1e9)


def test_a_source_without_pictures_has_an_end_too(pipe):
    deliver([], Outlet(pipe.into), newest_only=False)
    assert [(header.kind, header.sequence) for header, _ in pipe.read_all()] == [(Kind.END, 0)]


def test_refused_files_are_told_with_the_next_record(pipe):
    outlet = Outlet(pipe.into)
    outlet.refuse()
    outlet.picture(picture(1), 1)
    outlet.refuse()
    outlet.idle()
    assert [(header.kind, header.refused) for header, _ in pipe.read_all()] == [(Kind.PICTURE, 1), (Kind.IDLE, 2)]


class HeldOutlet:
    """Takes a picture only when it is let."""

    def __init__(self):
        self.taken = []
        self.ended = None
        self.busy, self.let = threading.Event(), threading.Event()

    def picture(self, _picture, sequence):
        self.busy.set()
        assert self.let.wait(30)
        self.taken.append(sequence)

    def end(self, sequence):
        self.ended = sequence


def test_a_slow_reader_of_a_live_source_gets_the_newest_picture():
    outlet = HeldOutlet()

    def live():
        yield picture(1)
        assert outlet.busy.wait(30)  # the first is being written while the others come
        for number in range(2, 6):
            yield picture(number)
        outlet.let.set()

    deliver(live(), outlet, newest_only=True)
    assert outlet.taken == [1, 5]
    assert outlet.ended == 5


def written(data):
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    return out


def test_a_request_is_one_line_of_json():
    told = {"source": "test:", "timeout": 4, "parent": 12}
    assert read_request(written(json.dumps(told).encode() + b"\n")) == Request("test:", 4.0, 12)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"{}\n", b"no json\n", b"[]\n", b'{"source": "test:", "timeout": "soon", "parent": 1}\n']
)
def test_another_request_is_refused(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_request(written(data))


def test_a_request_without_an_end_is_not_read_for_ever(monkeypatch):
    endless = io.BytesIO(b"x" * 1_000_000)
    monkeypatch.setattr(child.os, "read", lambda _fd, count: endless.read(count))
    with pytest.raises(ValueError, match="at most 65536 bytes"):
        read_request(0)
    assert endless.tell() < 100_000
