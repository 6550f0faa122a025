"""Packs photos into zips that fit a cloudlet's caps. Sends nothing."""

import io
import re
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_devices.phone.photo_files import Photo

# A cloudlet takes 50 MB and 200 entries; smaller batches cost less when a cloudlet dies in the middle of one.
MOST_BATCH_BYTES = 16 * 1024 * 1024
MOST_BATCH_PHOTOS = 50
LONGEST_NAME = 100
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Batch:
    """Photos that travel together.

    Attributes:
        id: stays the same when the batch is sent again, so that it is counted once.
        paths: the photos in it, as they are called on this device.
        content: the zip.
    """

    id: str
    paths: tuple[Path, ...]
    content: bytes


def batches_of(
    photos: Iterable[Photo], *, most_bytes: int = MOST_BATCH_BYTES, most_photos: int = MOST_BATCH_PHOTOS
) -> Iterator[Batch]:
    """Yield the photos in batches; a photo larger than `most_bytes` travels alone.

    Holds one batch at a time: no more than `most_bytes` and one photo.
    """
    waiting: list[Photo] = []
    size = 0
    for photo in photos:
        if waiting and (size + len(photo.content) > most_bytes or len(waiting) >= most_photos):
            yield _packed(waiting)
            waiting, size = [], 0
        waiting.append(photo)
        size += len(photo.content)
    if waiting:
        yield _packed(waiting)


def _packed(photos: list[Photo]) -> Batch:
    out = io.BytesIO()
    taken: set[str] = set()
    # Photos are compressed already; the fixed date keeps a file's own times on the device.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for photo in photos:
            packed.writestr(zipfile.ZipInfo(_free_name(photo.path.name, taken)), photo.content)
    return Batch(str(uuid.uuid4()), tuple(photo.path for photo in photos), out.getvalue())


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that is safe in a zip and not used in this one; a leading dot would make a cloudlet skip it."""
    stem, dot, suffix = UNSAFE.sub("_", name).lstrip(".").rpartition(".")
    stem, suffix = (stem, dot + suffix) if dot else (suffix, "")
    base = (stem or "photo")[:LONGEST_NAME]
    free, number = base + suffix[:8], 2
    while free.lower() in taken:
        free, number = f"{base}-{number}{suffix[:8]}", number + 1
    taken.add(free.lower())
    return free
