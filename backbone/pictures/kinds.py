"""Tells by their first bytes which kind of picture some bytes are, read or not. Decodes nothing."""

import struct

READ_KINDS = "JPEG, PNG, WebP or HEIC"
HEIF = "HEIF"
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
# ISO/IEC 23008-12, annex B: HEVC inside; the general brands say what they hold in the list behind them.
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_GENERAL_BRANDS = {b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_VIDEO_BRANDS = (b"iso", b"mp4", b"M4V", b"qt  ", b"3g", b"avc1", b"MSNV", b"dash")
_RAW = "a raw photo"
_NOT_READ = {
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture or a raw photo",
    b"MM\0*": "a TIFF picture or a raw photo",
    b"FUJIFILMCCD-RAW": _RAW,
    b"IIU\0": _RAW,
    b"IIRO": _RAW,
    b"IIRS": _RAW,
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\x1aE\xdf\xa3": "a video",
}
_MOST_BRANDS = 64


def format_of(raw: bytes) -> str | None:
    """Return Pillow's name of the format: JPEG, PNG, WEBP or HEIF; None for what is not read."""
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return "WEBP"
    first, others = _brands(raw)
    if first in _HEIC_BRANDS or (first in _GENERAL_BRANDS and others & _HEIC_BRANDS and not others & _AVIF_BRANDS):
        return HEIF
    return next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), None)


def told_kind(raw: bytes) -> str:
    """Return what bytes are that are not read, for a sentence: "a video", or how they begin when nobody knows."""
    first, others = _brands(raw)
    if first in _AVIF_BRANDS or others & _AVIF_BRANDS:
        return "an AVIF picture"
    if first == b"crx ":
        return _RAW
    if first.startswith(_VIDEO_BRANDS) or (raw.startswith(b"RIFF") and raw[8:12] == b"AVI "):
        return "a video"
    known = next((told for magic, told in _NOT_READ.items() if raw.startswith(magic)), None)
    return known or f"bytes that start with {raw[:8]!r}"


def _brands(raw: bytes) -> tuple[bytes, set[bytes]]:
    """Return what an ISO file (ISO/IEC 14496-12, section 4.3) is first of all, and what else; nothing for another."""
    if len(raw) < 16 or raw[4:8] != b"ftyp":
        return b"", set()
    end = min(struct.unpack_from(">I", raw)[0], len(raw), 16 + 4 * _MOST_BRANDS)
    return raw[8:12], {raw[at : at + 4] for at in range(16, end - 3, 4)}
