"""Files that grow past the system's cache, where that can be and where it cannot."""

import errno
import fcntl
import os
import random
from pathlib import Path

import pytest

from backbone.errors import Unavailable
from pi_receiver.domain.refusals import NoSpace
from pi_receiver.storage import disk_file
from pi_receiver.storage.disk_file import BLOCK, PIECE, DiskFile


@pytest.fixture(params=["disk", "elsewhere"])
def place(request, tmp_path, monkeypatch):
    """Return a folder that is taken for one on a disk, or for one that is not."""
    monkeypatch.setattr(disk_file.os, "major", lambda _device: 8 if request.param == "disk" else 0)
    return tmp_path


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    """Return a folder on a disk, and each write to it: how long and whether it went past the cache."""
    monkeypatch.setattr(disk_file.os, "major", lambda _device: 8)
    written, usual = [], os.pwrite

    def write(file, data, at):
        past = bool(fcntl.fcntl(file, fcntl.F_GETFL) & os.O_DIRECT)
        count = usual(file, data, at)
        written.append((len(data), past))
        return count

    monkeypatch.setattr(disk_file.os, "pwrite", write)
    return tmp_path, written


def grown(path, content, sizes, *, offset=None):
    file = DiskFile(path, offset=offset)
    at = 0
    for size in sizes:
        file.write(content[at : at + size])
        at += size
    file.write(content[at:])
    file.sync()
    file.close()


@pytest.mark.parametrize(
    "sizes", [[], [PIECE], [1] * 9, [PIECE - 1, 2, PIECE], [3 * PIECE + 5], [BLOCK] * 300, [0, 7, 0]]
)
@pytest.mark.parametrize("length", [0, 1, BLOCK, PIECE, 4 * PIECE, 4 * PIECE + 4097])
def test_bytes_arrive_whatever_they_are_cut_into(place, sizes, length):
    content = random.Random(length).randbytes(length)
    grown(place / "file", content, sizes)
    assert (place / "file").read_bytes() == content


@pytest.mark.parametrize("offset", [0, 1, BLOCK, PIECE - 1, PIECE, PIECE + 4097])
def test_a_file_grows_on_where_it_is_cut_off(place, offset):
    first, more = random.Random(1).randbytes(2 * PIECE), random.Random(2).randbytes(3 * PIECE + 11)
    (place / "file").write_bytes(first)
    grown(place / "file", more, [100, PIECE], offset=offset)
    assert (place / "file").read_bytes() == first[:offset] + more


def test_what_is_synced_in_between_is_whole(place):
    content = random.Random(3).randbytes(5 * PIECE + 3)
    file = DiskFile(place / "file")
    for begin, end in ((0, 10), (10, PIECE + 10), (PIECE + 10, 3 * PIECE), (3 * PIECE, len(content))):
        file.write(content[begin:end])
        file.sync()
        assert (place / "file").read_bytes() == content[:end]
    file.close()


def test_a_file_is_dated_after_its_last_byte(place):
    file = DiskFile(place / "file")
    file.write(bytes(PIECE + 1))
    file.sync(modified=1_600_000_000.5)
    file.close()
    assert (place / "file").stat().st_mtime == 1_600_000_000.5


def test_pieces_go_past_the_cache_and_the_end_through_it(on_disk):
    folder, written = on_disk
    content = random.Random(4).randbytes(2 * PIECE + 5)
    grown(folder / "file", content, [10, PIECE])
    assert (folder / "file").read_bytes() == content
    if not any(past for _, past in written):  # a file system that refuses: the next test has its answer
        assert [length for length, _ in written] == [PIECE, PIECE, 5]
    else:
        assert written == [(PIECE, True), (PIECE, True), (5, False)]


@pytest.mark.parametrize(
    ("taken", "number"), [(0, errno.EINVAL), (0, errno.EOPNOTSUPP), (0, errno.EIO), (BLOCK, 0), (700, 0)]
)
def test_a_file_system_that_cannot_or_takes_a_part_gets_the_rest_through_its_cache(on_disk, monkeypatch, taken, number):
    folder, _ = on_disk
    usual, refused = os.pwrite, []

    def write(file, data, at):
        if fcntl.fcntl(file, fcntl.F_GETFL) & os.O_DIRECT:
            refused.append(len(data))
            if not taken:
                raise OSError(number, "not so")
            fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) & ~os.O_DIRECT)
            return usual(file, data[:taken], at)
        return usual(file, data, at)

    monkeypatch.setattr(disk_file.os, "pwrite", write)
    content = random.Random(5).randbytes(2 * PIECE + 9)
    grown(folder / "file", content, [])
    assert (folder / "file").read_bytes() == content
    assert refused == [PIECE, PIECE]


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, NoSpace, "no_space"),
        (errno.EDQUOT, NoSpace, "no_space"),
        (errno.EIO, Unavailable, "disk_fault"),
    ],
)
def test_a_disk_that_does_not_take_it_is_told(place, monkeypatch, number, kind, code):
    def refuse(*_args):
        raise OSError(number, "no")

    file = DiskFile(place / "file")
    with monkeypatch.context() as patched:
        patched.setattr(disk_file.os, "pwrite", refuse)
        with pytest.raises(kind) as told:
            file.write(bytes(PIECE))
    assert told.value.code == code
    with monkeypatch.context() as patched:
        patched.setattr(disk_file.os, "fsync", refuse)
        with pytest.raises(kind):
            file.sync()
    file.close()
    file.close()


def test_what_failed_is_written_to_its_place_when_it_is_tried_again(on_disk, monkeypatch):
    folder, _ = on_disk
    usual, room = os.pwrite, [700]

    def fill(file, data, at):
        if not room[0]:
            raise OSError(errno.ENOSPC, "full")
        count = usual(file, data[: room[0]], at)
        room[0] -= count
        return count

    content = random.Random(6).randbytes(2 * PIECE + 5000)
    file = DiskFile(folder / "file")
    file.write(content[:5000])
    with monkeypatch.context() as patched:
        patched.setattr(disk_file.os, "pwrite", fill)
        with pytest.raises(NoSpace):
            file.sync()
    assert room == [0]
    file.write(content[5000:])
    file.sync()
    file.close()
    assert (folder / "file").read_bytes() == content


def test_a_new_file_must_not_exist_and_a_folder_must(tmp_path):
    (tmp_path / "there").write_bytes(b"kept")
    with pytest.raises(Unavailable, match="exists"):
        DiskFile(tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"kept"
    with pytest.raises(Unavailable, match="No such file"):
        DiskFile(tmp_path / "missing" / "file", offset=0)


def test_a_file_that_cannot_be_cut_off_is_closed_again(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Unavailable):
        DiskFile(tmp_path / "file", offset=1 << 62)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
