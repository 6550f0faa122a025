"""Zips of strangers: what is read, what is refused, and that a bomb costs no memory."""

import io
import stat
import subprocess
import sys
import tracemalloc
import zipfile

import pytest

from backbone.errors import BadInput, TooLarge
from backbone.zips import archives
from backbone.zips.archives import Archive, open_archive
from backbone.zips.writer import write_zip
from tests.processes import ROOT
from tests.zips import patched, streamed_zip_of, with_mode, zip_of

PHOTO = bytes(range(256)) * 40


def read(raw: bytes) -> dict[str, bytes]:
    archive = Archive(raw)
    archive.check()
    return {entry.name: archive.read(entry) for entry in archive.entries}


@pytest.mark.parametrize("make", [zip_of, streamed_zip_of, write_zip])
def test_what_was_packed_is_read(make):
    files = [("a.jpg", PHOTO), ("é.jpg", b"second"), ("empty.jpg", b"")]
    assert read(make(files)) == dict(files)


async def test_a_zip_is_opened_without_blocking():
    assert [entry.name for entry in (await open_archive(zip_of([("a.jpg", PHOTO)]))).entries] == ["a.jpg"]


def test_what_is_written_is_read_by_the_oracle():
    with zipfile.ZipFile(io.BytesIO(write_zip([("a.jpg", PHOTO), ("match.json", b"{}")]))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {"a.jpg": PHOTO, "match.json": b"{}"}


def test_folders_and_hidden_files_are_passed_over_and_equal_names_kept_apart():
    names = ["f/", "f/a.jpg", "g/a.jpg", ".DS_Store", "__MACOSX/._a.jpg", ".git/a.jpg", "./b.jpg"]
    assert list(read(zip_of([(name, b"") for name in names]))) == ["a.jpg", "2-a.jpg", "b.jpg"]


def test_names_become_labels():
    assert list(read(zip_of([("f\\a\u202eb.jpg", b"1"), ("x" * 400 + ".jpg", b"2")]))) == [
        "a_b.jpg",
        "x" * 146 + ".jpg",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg",
        "f/../../a",
        "/etc/passwd",
        "C:\\a.jpg",
        "\\\\host\\a",
        "\uff0e\uff0e\uff0fa",
        "‥/a",
        "a\nb",
        "a/\u2215../b",
    ],
)
def test_names_that_lead_out_are_refused(name):
    with pytest.raises(BadInput, match="expected names"):
        Archive(zip_of([("good.jpg", PHOTO), (name, b"bad")]))


def test_a_nul_in_a_name_is_refused():
    with pytest.raises(BadInput, match="expected names"):
        Archive(zip_of([("aXb.jpg", PHOTO)]).replace(b"aXb", b"a\0b"))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600, stat.S_IFIFO, stat.S_IFREG | 0o4755])
def test_links_devices_and_rights_are_refused(mode):
    with pytest.raises(BadInput, match="expected plain files"):
        Archive(with_mode("a.jpg", mode))


def test_a_path_given_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        raw = zip_of([("a.jpg", b"1"), ("a.jpg", b"2")])
    with pytest.raises(BadInput, match="each path once"):
        Archive(raw)


def test_an_encrypted_entry_is_refused():
    raw = patched(patched(zip_of([("a.jpg", PHOTO)]), b"PK\1\2", 8, "<H", 1), b"PK\3\4", 6, "<H", 1)
    with pytest.raises(BadInput, match="encrypted"):
        Archive(raw)


def test_an_unknown_method_is_refused():
    with pytest.raises(BadInput, match="method 14"):
        Archive(zip_of([("a.jpg", PHOTO)], method=zipfile.ZIP_LZMA))


@pytest.mark.parametrize("size", [len(PHOTO) - 1, len(PHOTO) + 1, 0])
def test_a_size_that_lies_is_refused(size):
    with pytest.raises(BadInput, match=r"bytes in 'a\.jpg'"):
        read(patched(zip_of([("a.jpg", PHOTO)]), b"PK\1\2", 24, "<L", size))


def test_a_wrong_checksum_is_refused():
    with pytest.raises(BadInput, match="checksum"):
        read(patched(zip_of([("a.jpg", PHOTO)]), b"PK\1\2", 16, "<L", 1))


def test_entries_that_share_bytes_are_refused():
    raw = zip_of([("a.jpg", PHOTO), ("b.jpg", PHOTO)])
    with pytest.raises(BadInput, match="to agree"):
        Archive(patched(raw, b"PK\1\2", 42, "<L", 0))
    quoted = zip_of([("a.jpg", zip_of([("b.jpg", b"in")], method=zipfile.ZIP_STORED))], method=zipfile.ZIP_STORED)
    assert list(read(quoted)) == ["a.jpg"]


def test_sixty_five_thousand_entries_are_refused_before_they_are_looked_at():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(65_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="65000"):
            Archive(out.getvalue())
        assert tracemalloc.get_traced_memory()[1] < 10 * len(out.getvalue()) // 4
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ([(f"{number}.jpg", b"") for number in range(201)], "200 entries"),
        ([("a.jpg", b"\0" * (2 << 20))], "bytes in 'a.jpg'"),
        ([(f"{number}.jpg", b"\0" * (1 << 20)) for number in range(5)], "when inflated"),
    ],
)
def test_more_than_a_limit_is_refused(files, limit):
    with pytest.raises(TooLarge, match=limit):
        Archive(zip_of(files))


def test_a_zip_that_is_too_large_is_refused():
    with pytest.raises(TooLarge, match="52428801"):
        Archive(b"\0" * (archives.MAX_ZIP_BYTES + 1))


@pytest.mark.parametrize("raw", [b"", b"PK\5\6", b"no zip at all", zip_of([("a.jpg", PHOTO)])[:-5], b"!" + zip_of([])])
def test_what_is_no_whole_zip_is_refused(raw):
    with pytest.raises(BadInput, match="zip: expected"):
        Archive(raw)


BOMB = """
import io, resource, sys, zipfile
from backbone.zips.archives import Archive
from backbone.errors import BadInput
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
out = io.BytesIO()
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
    with archive.open("a.jpg", "w") as entry:
        for _ in range(400):
            entry.write(bytes(1 << 20))
raw = bytearray(out.getvalue())
at = raw.rindex(b"PK\\1\\2") + 24
raw[at : at + 4] = (1 << 20).to_bytes(4, "little")
raw, before = bytes(raw), peak()
try:
    Archive(raw).check()
except BadInput as fault:
    print(fault.code, (peak() - before) // 1024)
"""


def test_a_bomb_that_lies_about_its_size_costs_no_memory():
    told = subprocess.run(
        [sys.executable, "-c", BOMB], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    ).stdout.split()
    assert told[0] == "bad_zip"
    assert int(told[1]) < 64
