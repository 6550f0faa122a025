"""The photos in a zip that came, all of them in memory. Does not look into the photos."""

import asyncio
import hashlib
from collections.abc import Mapping

from backbone.zips.archives import open_archive

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
"""What a zip begins with, an empty one included."""


async def photos_in(raw: bytes) -> dict[str, bytes]:
    """Return the files of a zip by their names, which are labels and unique; hidden ones are passed over.

    Raises:
        TooLarge: it is over a stated limit.
        BadInput: it is no plain, whole zip.
    """
    archive = await open_archive(raw)
    return await asyncio.to_thread(lambda: {entry.name: archive.read(entry) for entry in archive.entries})


def digest_of(label: str, files: Mapping[str, bytes]) -> str:
    """Return a name for these files under this label: the same when they are zipped again at another time."""
    digest = hashlib.sha256(label.encode())
    for name, content in sorted(files.items()):
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    return digest.hexdigest()
