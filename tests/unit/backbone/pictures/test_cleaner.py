"""Foreign pictures: what comes out is a clean JPEG, or a refusal that costs one job."""

import io
import itertools
import os
import struct
import sys
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from backbone.errors import BadInput, TooLarge
from backbone.pictures.cleaner import PICTURE_BYTES, PictureCleaner, from_base64
from backbone.pictures.pool import PicturePool
from tests.fakes import heic_photo
from tests.unit.edge_devices.photos import secrets

SECRET = b"51.5074N 0.1278W"
ORIENTATION = 0x0112
# How a camera held each way stores an upright picture (Exif 2.32, tag 0x0112).
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture
async def pool():
    made = PicturePool()
    yield made
    await made.stop()


@pytest.fixture
def cleaner(pool):
    return PictureCleaner(pool=pool)


def upright():
    """Return a picture whose corners differ: red, green / blue, white."""
    image = Image.new("RGB", (64, 32), "red")
    image.paste("lime", (32, 0, 64, 16))
    image.paste("blue", (0, 16, 32, 32))
    image.paste("white", (32, 16, 64, 32))
    return image


def saved(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corners(jpeg):
    image = Image.open(io.BytesIO(jpeg))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    near = [image.getpixel((x, y)) for y in (4, image.height - 5) for x in (4, image.width - 5)]
    return [tuple(round(channel / 255) for channel in pixel) for pixel in near]


UPRIGHT = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", STORED_AS)
async def test_every_orientation_comes_out_upright(cleaner, kind, orientation):
    stored = upright() if orientation == 1 else upright().transpose(STORED_AS[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    clean = await cleaner.clean(saved(stored, kind, exif=exif))
    assert (clean.width, clean.height) == (64, 32)
    assert corners(clean.jpeg) == UPRIGHT


def gray16():
    return Image.fromarray(np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16))


def palette_with_hole():
    image = upright().convert("P", palette=Image.Palette.ADAPTIVE)
    image.info["transparency"] = image.getpixel((63, 31))
    return image


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (saved(upright().convert("L")), None),
        (saved(upright().convert("CMYK")), UPRIGHT),
        (saved(upright().convert("RGBA"), "PNG"), UPRIGHT),
        (saved(upright().convert("LA"), "PNG"), None),
        (saved(upright().convert("P"), "PNG"), UPRIGHT),
        (saved(palette_with_hole(), "PNG"), UPRIGHT),
        (saved(upright().convert("1"), "PNG"), None),
        (saved(upright(), "JPEG", progressive=True), UPRIGHT),
        (saved(upright(), "WEBP", lossless=True), UPRIGHT),
    ],
    ids=[
        "gray",
        "cmyk",
        "rgba",
        "gray alpha",
        "palette",
        "palette with transparency",
        "one bit",
        "progressive",
        "webp",
    ],
)
async def test_every_kind_of_colour_becomes_rgb(cleaner, raw, expected):
    clean = await cleaner.clean(raw)
    assert (clean.width, clean.height) == (64, 32)
    assert expected is None or corners(clean.jpeg) == expected


async def test_a_heic_photo_comes_out_upright_and_without_its_position(cleaner):
    clean = await cleaner.clean(heic_photo.PHOTO)
    assert (clean.width, clean.height) == (heic_photo.WIDTH, heic_photo.HEIGHT)
    assert corners(clean.jpeg) == heic_photo.UPRIGHT
    assert not Image.open(io.BytesIO(clean.jpeg)).getexif()
    assert not any(secret in clean.jpeg for secret in secrets())


@pytest.mark.parametrize(
    "raw",
    [heic_photo.PHOTO[:700], heic_photo.PHOTO[:28], heic_photo.claiming(0, 0), heic_photo.claiming(50_000, 50_000)],
    ids=["half", "only brands", "no pixels", "50k x 50k"],
)
async def test_a_broken_heic_photo_is_refused(cleaner, raw):
    with pytest.raises(BadInput, match="broken") as refusal:
        await cleaner.clean(raw)
    assert refusal.value.code == "bad_picture"


async def test_a_large_heic_photo_is_refused_before_it_is_decoded(cleaner):
    with pytest.raises(BadInput, match="expected at most 40 megapixels, got 5001 x 8000"):
        await cleaner.clean(heic_photo.claiming(8_000, 5_001, cropped=False))


async def test_a_heic_photo_that_ends_the_decoder_costs_nothing_but_itself(cleaner):
    with pytest.raises(BadInput, match="expected a"):
        await cleaner.clean(heic_photo.crashing())
    assert corners((await cleaner.clean(heic_photo.PHOTO)).jpeg) == heic_photo.UPRIGHT


async def test_sixteen_bits_become_eight_without_overflow(cleaner):
    clean = await cleaner.clean(saved(gray16(), "PNG"))
    rows = np.asarray(Image.open(io.BytesIO(clean.jpeg)).convert("L")).mean(axis=1)
    assert rows[0] < 10
    assert rows[-1] > 245
    assert all(later >= earlier for earlier, later in itertools.pairwise(rows))


async def test_transparency_shows_white(cleaner):
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert corners((await cleaner.clean(saved(clear, "PNG"))).jpeg) == [(1, 1, 1)] * 4


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_of_an_animation_the_first_picture_is_taken(cleaner, kind):
    others = [Image.new("RGB", (64, 32), "black") for _ in range(5)]
    raw = saved(upright(), kind, save_all=True, append_images=others, duration=100, lossless=True)
    assert corners((await cleaner.clean(raw)).jpeg) == UPRIGHT


async def test_a_large_picture_is_made_smaller(pool):
    clean = await PictureCleaner(pool=pool, max_side=256).clean(saved(Image.new("RGB", (2000, 1000))))
    assert (clean.width, clean.height) == (256, 128)


def jpeg_with_everything():
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[29] = SECRET.decode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return saved(upright(), exif=exif, icc_profile=profile + SECRET, comment=SECRET, xmp=SECRET, dpi=(333, 333))


def png_with_everything():
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", SECRET.decode())
    told.add_itxt("Location", SECRET.decode(), zip=True)
    return saved(upright(), "PNG", pnginfo=told, dpi=(333, 333))


@pytest.mark.parametrize(
    "raw",
    [jpeg_with_everything(), png_with_everything(), saved(upright(), "WEBP", xmp=SECRET), saved(upright()) + SECRET],
    ids=["jpeg", "png", "webp", "behind the end"],
)
async def test_the_result_carries_nothing_but_the_picture(cleaner, raw):
    jpeg = (await cleaner.clean(raw)).jpeg
    assert SECRET not in jpeg
    markers = {name for name, _ in Image.open(io.BytesIO(jpeg)).applist}
    assert markers <= {"APP0"}
    assert set(Image.open(io.BytesIO(jpeg)).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


async def test_a_picture_that_is_a_zip_as_well_is_only_a_picture_afterwards(cleaner):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("payload", SECRET)
    raw = saved(upright()) + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(raw))
    clean = await cleaner.clean(raw)
    assert not zipfile.is_zipfile(io.BytesIO(clean.jpeg))
    assert corners(clean.jpeg) == UPRIGHT


async def test_a_huge_colour_profile_is_left_behind(cleaner):
    clean = await cleaner.clean(saved(upright(), icc_profile=os.urandom(2_000_000)))
    assert len(clean.jpeg) < 10_000


async def test_bytes_that_are_no_exif_do_no_harm(cleaner):
    clean = await cleaner.clean(saved(upright(), exif=b"Exif\0\0MM\0*" + bytes(range(256)) * 20))
    assert corners(clean.jpeg) == UPRIGHT


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width, height, *chunks):
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks)


def bomb(size):
    return png_header(50, 50, png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(size))), png_chunk(b"IDAT", b""))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "expected a JPEG, PNG, WebP or HEIC picture, got bytes that start with b''"),
        (b"hello", "got bytes that start with b'hello'"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "got bytes that start with b'<svg xml'"),
        (saved(upright(), "GIF"), "got a GIF picture"),
        (saved(upright(), "BMP"), "got a BMP picture"),
        (saved(upright(), "TIFF"), "got a TIFF picture or a raw photo"),
        (saved(upright(), "ICO"), "expected a JPEG, PNG, WebP or HEIC picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "expected a JPEG, PNG, WebP or HEIC picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "got bytes that start with b'RIFF"),
        (b"\xff\xd8\xff", "broken"),
        (saved(upright())[:-200], "broken"),
        (saved(upright(), "PNG")[:-40], "broken"),
        (saved(upright(), "WEBP")[:-40], "broken"),
        (png_header(50_000, 50_000), "broken"),
        (png_header(50_000, 50_000, png_chunk(b"IDAT", b"")), "pixels"),
        (png_header(8_000, 5_001, png_chunk(b"IDAT", b"")), "expected at most 40 megapixels, got 8000 x 5001"),
        (png_header(0, 0, png_chunk(b"IDAT", b"")), "broken"),
        (bomb(200_000_000), "broken"),
    ],
    ids=[
        "nothing",
        "text",
        "svg",
        "gif",
        "bmp",
        "tiff",
        "ico",
        "postscript",
        "wave",
        "only magic",
        "half jpeg",
        "half png",
        "half webp",
        "50k x 50k",
        "50k x 50k with data",
        "over 40 megapixels",
        "no pixels",
        "text bomb",
    ],
)
async def test_what_is_no_good_picture_is_refused_and_told_why(cleaner, raw, told):
    with pytest.raises(BadInput) as refusal:
        await cleaner.clean(raw)
    assert refusal.value.code == "bad_picture"
    assert told in refusal.value.message


async def test_over_8_mib_no_child_is_started(cleaner, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with pytest.raises(TooLarge, match="at most 8388608 bytes, got 8388609"):
        await cleaner.clean(b"\xff\xd8\xff" + bytes(8 * 1024 * 1024 - 2))


def test_base64_is_read_with_and_without_its_prefix():
    assert from_base64("/9j/") == b"\xff\xd8\xff"
    assert from_base64("data:image/jpeg;base64,/9j/") == b"\xff\xd8\xff"


@pytest.mark.parametrize("text", ["/9j", "a b c d", "ä", "/9j/!", "data:image/jpeg;base64,***", "\0\0\0\0"])
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(BadInput, match="expected a picture in base64") as refusal:
        from_base64(text)
    assert refusal.value.code == "bad_picture"


async def test_who_takes_larger_pictures_says_so(jpeg, pool):
    padded = jpeg + bytes(PICTURE_BYTES)
    with pytest.raises(TooLarge, match=f"at most {PICTURE_BYTES} bytes"):
        await PictureCleaner(pool=pool).clean(padded)
    assert (await PictureCleaner(pool=pool, max_bytes=len(padded)).clean(padded)).jpeg.startswith(b"\xff\xd8")


async def test_cleaners_of_several_sizes_share_one_pool(pool):
    raw = saved(Image.new("RGB", (2000, 1000)))
    sizes = [(await PictureCleaner(pool=pool, max_side=side).clean(raw)).width for side in (64, 512, 128)]
    assert sizes == [64, 512, 128]
    assert len(pool.pids) == 1


async def test_a_cleaner_without_a_pool_makes_its_own():
    assert (await PictureCleaner().clean(saved(upright()))).width == 64
