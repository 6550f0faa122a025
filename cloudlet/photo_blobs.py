"""Puts the photos of a zip where workers find them, one by one: no more than one is inflated. Reads none back."""

import asyncio
import uuid
from collections.abc import Sequence

import structlog

from backbone.errors import BadInput, Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.zips.archives import Archive, Entry


async def put_photos(queue: JobQueue, archive: Archive, entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Keep photos, all or none, and return their keys and names.

    Raises:
        Unavailable: they could not be kept.
    """
    kept: list[tuple[str, str]] = []
    try:
        for entry in entries:
            content = await asyncio.to_thread(archive.read, entry)
            key = f"blob:{uuid.uuid4()}"
            kept.append((key, entry.name))
            await queue.put_blobs({key: content})
    except (Unavailable, BadInput):
        await _drop_quietly(queue, [key for key, _ in kept])
        raise
    return kept


async def _drop_quietly(queue: JobQueue, keys: list[str]) -> None:
    try:
        await queue.drop_blobs(keys)
    except Unavailable:
        structlog.get_logger().warning("blobs_left_to_expire", count=len(keys))
