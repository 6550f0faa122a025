"""Finds the photos that the arguments name and reads them, one at a time. Sends nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_devices.photo_privacy.exif_block import NotReadable
from edge_devices.photo_privacy.without_location import cleans, kind_of, without_location

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".hif"})
MOST_PHOTO_BYTES = 25 * 1024 * 1024
"""What a cloudlet takes for one photo."""


class NotSendable(Exception):
    """A photo that no cloudlet would take, and why."""


@dataclass(frozen=True)
class Photo:
    """A photo as it leaves the device; `path` stays on it."""

    path: Path
    content: bytes


def find_photos(named: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that were named, and the pictures below the folders that were, in order of name."""
    for path in named:
        if path.is_dir():
            inside = (below for below in path.rglob("*") if below.suffix.lower() in SUFFIXES and below.is_file())
            yield from sorted(below for below in inside if not below.name.startswith("."))
        else:
            yield path


def read_photo(path: Path, *, with_location: bool) -> Photo:
    """Return a photo, without its position and other metadata unless they were asked for.

    Raises:
        NotSendable: it cannot be read, is too large, is no picture that a cloudlet takes, or cannot be cleaned.
    """
    try:
        size = path.stat().st_size
        if size > MOST_PHOTO_BYTES:
            raise NotSendable(f"{size / 1e6:.0f} MB; a cloudlet takes {MOST_PHOTO_BYTES // 1024**2} MiB")
        content = path.read_bytes()
    except OSError as fault:
        raise NotSendable(fault.strerror or str(fault)) from fault
    kind = kind_of(content)
    if kind is None:
        raise NotSendable("no JPEG, PNG, WebP or HEIC")
    if with_location:
        return Photo(path, content)
    if not cleans(kind):
        raise NotSendable(
            "HEIC: its position cannot be taken out here; --with-location sends it as it is, "
            "or tell the phone to save JPEG (iPhone: Settings, Camera, Formats, Most Compatible)"
        )
    try:
        return Photo(path, without_location(content))
    except NotReadable as fault:
        raise NotSendable(f"damaged: {fault}; its position could not be taken out") from fault
