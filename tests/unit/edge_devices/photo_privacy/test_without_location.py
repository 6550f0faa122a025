"""A photo keeps its picture, orientation and times; its position never leaves, whatever the file looks like."""

import contextlib
import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge_devices.photo_privacy.exif_block import EXIF_HEADER, NotReadable
from edge_devices.photo_privacy.exif_times import times_only
from edge_devices.photo_privacy.without_location import without_location
from tests.unit.edge_devices.photos import EXIF_IFD, GPS_IFD, KINDS, TAKEN, exif, jpeg, photo_of, png, secrets, webp


def pixels(content: bytes) -> bytes:
    return Image.open(io.BytesIO(content)).tobytes()


def told(content: bytes) -> Image.Exif:
    return Image.open(io.BytesIO(content)).getexif()


@pytest.mark.parametrize("kind", KINDS)
def test_the_photos_of_these_tests_do_tell_a_position(kind: str) -> None:
    photo = photo_of(kind)
    assert told(photo).get_ifd(GPS_IFD)
    assert sum(secret in photo for secret in secrets()) >= 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_position_is_gone_and_the_picture_is_the_same(kind: str) -> None:
    photo = photo_of(kind)
    clean = without_location(photo)
    assert not [secret for secret in secrets() if secret in clean]
    assert not told(clean).get_ifd(GPS_IFD)
    assert pixels(clean) == pixels(photo)


@pytest.mark.parametrize("kind", KINDS)
def test_orientation_and_times_survive(kind: str) -> None:
    kept = told(without_location(photo_of(kind)))
    inner = kept.get_ifd(EXIF_IFD)
    assert (kept[0x0112], kept[0x0132]) == (6, TAKEN)
    assert (inner[0x9003], inner[0x9011], inner[0x9291]) == (TAKEN, "+02:00", "123")
    assert set(kept) == {0x0112, 0x0132, EXIF_IFD}
    assert set(inner) == {0x9003, 0x9011, 0x9291}


@pytest.mark.parametrize("kind", KINDS)
def test_cleaning_twice_changes_nothing(kind: str) -> None:
    clean = without_location(photo_of(kind))
    assert without_location(clean) == clean


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order: str) -> None:
    told_exif = exif()
    told_exif.endian = order
    block = times_only(told_exif.tobytes()[len(EXIF_HEADER) :])
    assert block is not None
    assert TAKEN.encode() in block


def test_what_trails_a_picture_is_gone() -> None:
    assert without_location(jpeg() + b"motion photo" + jpeg()) == without_location(jpeg())
    assert without_location(png() + jpeg()) == without_location(png())
    assert without_location(webp() + jpeg()) == without_location(webp())


def test_unreadable_metadata_costs_the_metadata_and_not_the_photo() -> None:
    photo = jpeg()
    at = photo.index(EXIF_HEADER) + len(EXIF_HEADER)
    broken = photo[:at] + b"XX" + photo[at + 2 :]
    clean = without_location(broken)
    assert EXIF_HEADER not in clean
    assert pixels(clean) == pixels(photo)


def test_a_time_that_is_none_is_not_told() -> None:
    photo = jpeg().replace(TAKEN.encode(), b"at 40.44624 N, 79 W")
    assert b"40.44624" not in without_location(photo)


def test_an_ifd_that_points_to_itself_ends() -> None:
    loop = b"MM\0*\0\0\0\x08" + struct.pack(">HHHII", 1, EXIF_IFD, 4, 1, 8) + bytes(4)
    assert times_only(loop) is None


def test_an_exif_block_under_another_marker_is_not_sent() -> None:
    photo = jpeg()
    at = photo.index(EXIF_HEADER) - 4
    for marker in (0xDB, 0xC4, 0xC0, 0xDA, 0xDD, 0xE0, 0xE2, 0xEE, 0xFE):
        clean = without_location(photo[: at + 1] + bytes([marker]) + photo[at + 2 :])
        assert not [secret for secret in secrets() if secret in clean], hex(marker)


def test_a_webp_chunk_that_swallows_the_metadata_is_refused() -> None:
    photo = webp()
    at = photo.index(b"VP8 ")
    swallowing = photo[: at + 4] + struct.pack("<I", len(photo) - at - 8) + photo[at + 8 :]
    with pytest.raises(NotReadable, match="cannot be told"):
        without_location(swallowing)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\xff\xff\xffWEBP"]
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NotReadable):
        without_location(content)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(KINDS),
    edits=st.lists(
        st.tuples(st.sampled_from(["set", "cut", "insert"]), st.floats(0, 1), st.binary(min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    ),
)
def test_a_mutated_photo_never_crashes_and_never_tells(kind: str, edits: list[tuple[str, float, bytes]]) -> None:
    photo = bytearray(photo_of(kind))
    for what, where, new in edits:
        # Half of the edits fall where the structure is: in the first 700 bytes.
        at = int(where * 2 * 699) if where < 0.5 else int(where * (len(photo) - 1))
        at = min(at, len(photo) - 1)
        if what == "set":
            photo[at : at + len(new)] = new
        elif what == "cut":
            del photo[at : at + new[0]]
        else:
            photo[at:at] = new
        photo = photo or bytearray(b"\0")
    try:
        clean = without_location(bytes(photo))
    except NotReadable:
        return
    assert not [secret for secret in secrets() if secret in clean]


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_after_a_magic_are_survived(tail: bytes) -> None:
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBP"):
        with contextlib.suppress(NotReadable):
            without_location(magic + tail)
    times_only(b"MM\0*\0\0\0\x08" + tail)
