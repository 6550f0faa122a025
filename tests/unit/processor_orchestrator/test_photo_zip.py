"""Zips of photos: legacy forms are read, and every limit holds."""

import io
import struct
import zipfile

import pytest

from backbone.errors import BadInput, TooLarge
from processor_orchestrator import photo_zip
from processor_orchestrator.photo_zip import read_zip
from tests.fakes.legacy_cloudlet import zip_of


def test_folders_are_looked_into_and_hidden_names_passed_over():
    raw = zip_of({"anna/a.jpg": b"1", ".hidden.jpg": b"2", "x/.git/c.jpg": b"3", "__MACOSX/a.jpg": b"4", "b.jpg": b"5"})
    assert read_zip(raw) == {"a.jpg": b"1", "b.jpg": b"5"}


def test_a_name_is_never_a_path_and_never_lost():
    raw = zip_of({"../../etc/passwd": b"1", "/abs/passwd": b"2", "c:\\x\\passwd": b"3"})
    assert read_zip(raw) == {"passwd": b"1", "2-passwd": b"2", "3-passwd": b"3"}


def test_an_empty_zip_holds_nothing():
    assert read_zip(zip_of({})) == {}


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04", b"no zip", b"PK\x05\x06" + b"\xff" * 10])
def test_what_is_no_zip_is_refused(raw):
    with pytest.raises(BadInput):
        read_zip(raw)


def test_a_zip_that_is_cut_or_changed_is_refused_or_whole():
    raw = zip_of({"a.jpg": bytes(range(256)) * 20, "b.jpg": b"abc" * 999})
    whole = read_zip(raw)
    for cut in range(0, len(raw), 7):
        with pytest.raises(BadInput):
            read_zip(raw[:cut])
    for place in range(0, len(raw), 3):
        changed = raw[:place] + bytes([raw[place] ^ 0x55]) + raw[place + 1 :]
        try:
            found = read_zip(changed)
        except BadInput:
            continue
        assert set(found.values()) <= set(whole.values()), place


def test_a_bomb_is_refused():
    with pytest.raises(TooLarge):
        read_zip(zip_of({"bomb.jpg": bytes(20 * 1024 * 1024)}))


def test_too_many_entries_are_refused_before_they_are_read():
    with pytest.raises(TooLarge):
        read_zip(zip_of({f"{number}.jpg": b"" for number in range(photo_zip.MAX_ENTRIES + 1)}))
    with pytest.raises(TooLarge):
        read_zip(zip_of({f"{number}.jpg": b"" for number in range(3 * photo_zip.MAX_ENTRIES)}))


def test_a_lying_size_is_not_believed():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(30 * 1024 * 1024))
    raw = out.getvalue().replace(struct.pack("<L", 30 * 1024 * 1024), struct.pack("<L", 10))
    with pytest.raises(BadInput):
        read_zip(raw)


def test_encrypted_and_strange_entries_are_refused():
    raw = bytearray(zip_of({"a.jpg": b"x" * 100}))
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadInput):
        read_zip(bytes(raw))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.jpg", b"x" * 100)
    with pytest.raises(BadInput):
        read_zip(out.getvalue())
