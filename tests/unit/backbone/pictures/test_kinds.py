"""What some bytes are, by how they begin: pictures that are read, and what is told of the others."""

import pytest

from backbone.pictures.kinds import format_of, told_kind
from tests.fakes.heic_photo import PHOTO, container


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP"),
        (PHOTO, "HEIF"),
        (container(b"heix", b"mif1"), "HEIF"),
        (container(b"mif1", b"heic"), "HEIF"),
        (container(b"msf1", b"mif1", b"hevc"), "HEIF"),
    ],
)
def test_what_is_read(raw, kind):
    assert format_of(raw) == kind


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (container(b"avif", b"mif1"), "an AVIF picture"),
        (container(b"mif1", b"avif", b"heic"), "an AVIF picture"),
        (container(b"crx ", b"isom"), "a raw photo"),
        (container(b"isom", b"mp42"), "a video"),
        (container(b"qt  "), "a video"),
        (b"\x1aE\xdf\xa3 and so on", "a video"),
        (b"RIFF\x10\0\0\0AVI LIST", "a video"),
        (b"II*\0\x08\0\0\0", "a TIFF picture or a raw photo"),
        (b"FUJIFILMCCD-RAW 0201", "a raw photo"),
        (b"GIF89a", "a GIF picture"),
        (b"\xff\x0a\0", "a JPEG XL picture"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "bytes that start with b'RIFF\\x10\\x00\\x00\\x00'"),
        (b"\0\0\0\xffftyp", "bytes that start with b'\\x00\\x00\\x00\\xffftyp'"),
        (b"", "bytes that start with b''"),
    ],
)
def test_what_is_not_read_is_told(raw, told):
    assert format_of(raw) is None
    assert told_kind(raw) == told
