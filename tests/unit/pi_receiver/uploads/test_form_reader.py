"""Forms that come in pieces of any size."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from backbone.errors import BadInput, TooLarge
from pi_receiver.domain.refusals import FieldMissing
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.incoming import Incoming
from pi_receiver.storage.space import Space
from pi_receiver.uploads.form_reader import FormReader

KIND = "multipart/form-data; boundary=b"
CONTENT = b"one\r\n--not the end\r\n-\r\n--Bogus\r\r\n--"


def part(name, content, filename=None):
    file = f'; filename="{filename}"' if filename is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


WHOLE = (
    part("checksum", b"abc *a.txt", "c")
    + part("other", b"x")
    + part("sensor_data_file", CONTENT, "a.txt")
    + b"--b--\r\n"
)


@pytest.fixture
def hashing():
    with ThreadPoolExecutor(1) as threads:
        yield threads


@pytest.fixture
def reader(tmp_path, hashing):
    claim = Space(tmp_path, reserve=0).claim(10_000)

    def receive(name):
        return Incoming(
            tmp_path / "incoming", claim=claim, most_bytes=5_000, faults=Faults(), hashing=hashing, disk=Disk()
        )

    made = FormReader(KIND, receive)
    yield made
    made.discard()
    assert not (tmp_path / "incoming").exists()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_pieces_of_any_size_make_the_same_file(reader, tmp_path, size):
    for start in range(0, len(WHOLE), size):
        reader.feed(WHOLE[start : start + size])
    checksum, incoming = reader.finish()
    incoming.seal()
    assert (checksum, reader.name, incoming.size) == ("abc *a.txt", "a.txt", len(CONTENT))
    assert incoming.digest() == hashlib.sha256(CONTENT).hexdigest()
    assert (tmp_path / "incoming").read_bytes() == CONTENT


def test_a_form_that_breaks_off_is_not_whole(reader):
    reader.feed(WHOLE[:-8])
    with pytest.raises(BadInput):
        reader.finish()


def test_a_form_without_a_file_misses_one(reader):
    reader.feed(part("sensor_data_files", b"x", "a.txt") + b"--b--\r\n")
    with pytest.raises(FieldMissing):
        reader.finish()


def test_two_files_are_one_too_many(reader):
    with pytest.raises(BadInput):
        reader.feed(part("sensor_data_file", b"x", "a.txt") + part("sensor_data_file", b"x", "b.txt"))


def test_everything_has_a_bound(tmp_path, hashing):
    claim, faults = Space(tmp_path, reserve=0).claim(10_000), Faults()
    for number, much in enumerate(
        (
            part("checksum", b"x" * 5_000),
            part("sensor_data_file", b"x" * 5_001, "a.txt"),
            b"".join(part("other", b"x") for _ in range(20)),
            b'--b\r\nContent-Disposition: form-data; name="' + b"x" * 10_000,
            b"--b\r\n" + b"".join(b"A%d: b\r\n" % line for line in range(20)) + b"\r\n",
        )
    ):
        path = tmp_path / str(number)
        reader = FormReader(
            KIND,
            lambda _, path=path: Incoming(
                path, claim=claim, most_bytes=5_000, faults=faults, hashing=hashing, disk=Disk()
            ),
        )
        with pytest.raises(TooLarge):
            reader.feed(much)
        reader.discard()


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b"]
)
def test_other_bodies_are_refused(kind):
    with pytest.raises(BadInput):
        FormReader(kind, lambda _name: pytest.fail("it was opened"))
