"""Takes the position out of a photo before it leaves the device. Does not decode or encode pictures."""

import struct

from edge_devices.photo_privacy.chunks import PNG_MAGIC, strip_png, strip_webp
from edge_devices.photo_privacy.exif_block import NotReadable
from edge_devices.photo_privacy.jpeg import strip_jpeg


def kind_of(content: bytes) -> str | None:
    """Return jpeg, png or webp by the first bytes; None for what no cloudlet takes."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(PNG_MAGIC):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return None


def without_location(content: bytes) -> bytes:
    """Return a photo without metadata but its orientation, its times and its colours.

    Raises:
        NotReadable: the file is damaged so that nobody can say what is in it, or it is no JPEG, PNG or WebP.
    """
    strip = {"jpeg": strip_jpeg, "png": strip_png, "webp": strip_webp}.get(kind_of(content) or "")
    if strip is None:
        raise NotReadable("not a JPEG, PNG or WebP")
    try:
        return strip(content)
    except struct.error as fault:
        raise NotReadable("it ends before its picture does") from fault
