"""Takes the position out of a photo before it leaves the device. Does not decode or encode pictures."""

import struct

from edge_devices.photo_privacy.chunks import PNG_MAGIC, strip_png, strip_webp
from edge_devices.photo_privacy.exif_block import NotReadable
from edge_devices.photo_privacy.jpeg import strip_jpeg

HEIC_BRANDS = frozenset([b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"])
AVIF_BRANDS = frozenset([b"avif", b"avis"])
_MOST_BRAND_BYTES = 272
_STRIPS = {"jpeg": strip_jpeg, "png": strip_png, "webp": strip_webp}


def kind_of(content: bytes) -> str | None:
    """Return jpeg, png, webp or heic by the first bytes; None for what no cloudlet takes."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(PNG_MAGIC):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return "heic" if _is_heic(content) else None


def _is_heic(content: bytes) -> bool:
    """Return whether it is HEVC in ISO's container by its brands (ISO/IEC 23008-12, annex B)."""
    if content[4:8] != b"ftyp":
        return False
    end = min(struct.unpack_from(">I", content)[0], len(content), _MOST_BRAND_BYTES)
    brands = {content[at : at + 4] for at in (8, *range(16, end - 3, 4))}
    return bool(brands & HEIC_BRANDS) and not brands & AVIF_BRANDS


def cleans(kind: str) -> bool:
    """Return whether the position can be taken out of such a photo here; out of HEIC it cannot."""
    return kind in _STRIPS


def without_location(content: bytes) -> bytes:
    """Return a photo without metadata but its orientation, its times and its colours.

    Raises:
        NotReadable: the file is damaged so that nobody can say what is in it, or it is no JPEG, PNG or WebP.
    """
    strip = _STRIPS.get(kind_of(content) or "")
    if strip is None:
        raise NotReadable("not a JPEG, PNG or WebP")
    try:
        return strip(content)
    except struct.error as fault:
        raise NotReadable("it ends before its picture does") from fault
