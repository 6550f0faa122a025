"""One photo: bounded, upright, and no more trusted about time and place than it deserves."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from backbone.errors import BadInput
from job_workers.photos.photo_reader import MOST_BYTES, read_photo
from tests.fakes import heic_photo

EXIF, GPS, ORIENTATION = 0x8769, 0x8825, 0x0112
TAKEN, OFFSET = 0x9003, 0x9011


def jpeg(size=(64, 48), *, exif=None, mode="RGB", kind="JPEG"):
    image = Image.new(mode, size, 120)
    image.paste(250, (0, 0, size[0] // 2, size[1] // 2)) if mode in ("L", "I;16") else None
    out = io.BytesIO()
    image.save(out, kind, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def told(*, taken=None, offset=None, gps=None, orientation=None):
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(EXIF)[TAKEN] = taken
    if offset is not None:
        exif.get_ifd(EXIF)[OFFSET] = offset
    if gps is not None:
        exif.get_ifd(GPS).update(gps)
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif


GREENWICH = {1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 36.0)}


def test_time_with_an_offset_and_place_are_read():
    photo = read_photo(jpeg(exif=told(taken="2024:02:03 10:00:00", offset="+02:00", gps=GREENWICH)), longest_side=100)
    assert photo.taken_at == datetime(2024, 2, 3, 8, tzinfo=UTC).timestamp()
    assert photo.place is not None
    assert (photo.place.latitude, photo.place.longitude) == pytest.approx((51.47777, -0.01), abs=1e-4)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "2999:01:01 00:00:00", "1969:01:01 00:00:00"])
def test_a_time_that_cannot_be_is_none(taken):
    assert read_photo(jpeg(exif=told(taken=taken, offset="+00:00")), longest_side=100).taken_at is None


@pytest.mark.parametrize("gps", [{1: "N"}, GREENWICH | {2: (91.0, 0.0, 0.0)}, GREENWICH | {2: (0.0,)}])
def test_a_place_that_cannot_be_is_none(gps):
    assert read_photo(jpeg(exif=told(gps=gps)), longest_side=100).place is None


def test_a_photo_without_exif_tells_nothing():
    photo = read_photo(jpeg(), longest_side=100)
    assert (photo.taken_at, photo.place) == (None, None)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(orientation):
    photo = read_photo(jpeg(exif=told(orientation=orientation)), longest_side=100)
    assert photo.picture.shape == ((64, 48, 3) if orientation >= 5 else (48, 64, 3))


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "JPEG"), ("CMYK", "JPEG"), ("RGBA", "PNG"), ("I;16", "PNG"), ("P", "PNG")]
)
def test_every_kind_of_picture_becomes_rgb(mode, kind):
    picture = read_photo(jpeg(mode=mode, kind=kind), longest_side=100).picture
    assert (picture.shape, picture.dtype) == ((48, 64, 3), np.uint8)


def test_a_large_photo_is_looked_at_smaller():
    assert max(read_photo(jpeg((3000, 1000)), longest_side=500).picture.shape) == 500


@pytest.mark.parametrize(
    "raw", [b"", b"GIF89a", b"<svg/>", jpeg()[:100], b"\xff\xd8\xff" + bytes(50), bytes(MOST_BYTES + 1)]
)
def test_what_is_no_photo_is_refused(raw):
    with pytest.raises(BadInput, match="expected"):
        read_photo(raw, longest_side=100)


def test_too_many_pixels_are_refused_before_they_are_decoded():
    header = jpeg((16, 16), kind="PNG")
    huge = header[:16] + (50_000).to_bytes(4, "big") * 2 + header[24:]
    with pytest.raises(BadInput):
        read_photo(huge, longest_side=100)


@pytest.mark.parametrize(
    ("size", "longest", "read"),
    [((4032, 3024), 2000, (1512, 2016)), ((3024, 4032), 2000, (2016, 1512)), ((3000, 200), 1000, (67, 1000))],
)
def test_a_large_photo_is_decoded_to_about_the_size_that_is_looked_at(size, longest, read):
    assert read_photo(jpeg(size), longest_side=longest).picture.shape == (*read, 3)


def test_a_heic_photo_is_upright_and_tells_its_time_and_place():
    photo = read_photo(heic_photo.PHOTO, longest_side=100)
    height, width = heic_photo.HEIGHT, heic_photo.WIDTH
    assert photo.picture.shape == (height, width, 3)
    corners = [photo.picture[y, x] for y in (4, height - 5) for x in (4, width - 5)]
    assert [tuple(np.round(corner / 255).astype(int)) for corner in corners] == heic_photo.UPRIGHT
    assert photo.taken_at == datetime.fromisoformat(heic_photo.TAKEN).timestamp()
    assert photo.place is not None
    assert (photo.place.latitude, photo.place.longitude) == pytest.approx((40.2075, -40.2075), abs=1e-3)


def test_a_heic_photo_is_made_smaller():
    assert max(read_photo(heic_photo.PHOTO, longest_side=20).picture.shape) == 20


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (heic_photo.PHOTO[:700], "a whole HEIC photo, got a broken one"),
        (heic_photo.claiming(50_000, 50_000), "a whole HEIC photo, got a broken one"),
        (heic_photo.claiming(8_000, 5_001, cropped=False), "at most 40 megapixels, got "),
        (heic_photo.crashing(), "expected a "),
        (heic_photo.container(b"avif", b"mif1"), "got an AVIF picture"),
        (heic_photo.container(b"qt  "), "got a video"),
    ],
    ids=["half", "bomb", "over 40 megapixels", "ends the decoder", "avif", "video"],
)
def test_what_is_no_good_heic_photo_is_refused_and_told_why(raw, told):
    with pytest.raises(BadInput, match=told) as refusal:
        read_photo(raw, longest_side=100)
    assert refusal.value.code == "bad_picture"


def test_a_photo_that_is_read_no_more_than_the_largest_is_told_as_too_large():
    with pytest.raises(BadInput) as refusal:
        read_photo(jpeg() + bytes(MOST_BYTES), longest_side=100)
    assert refusal.value.code == "too_large"
