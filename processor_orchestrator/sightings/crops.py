"""Pictures of faces made safe, many at a time, before they are stored or served. Looks for no face."""

import asyncio
from collections.abc import Mapping

import structlog

from backbone.errors import BadInput
from backbone.pictures.cleaner import PictureCleaner

AT_ONCE = 8
"""Crops that wait for the decoders at a time; the others wait here, where they are counted as sightings already."""


class CropCleaner:
    """Makes crops safe.

    Args:
        cleaner: re-encodes a picture where a crash or a hang harms nobody.
    """

    def __init__(self, cleaner: PictureCleaner) -> None:
        self._cleaner = cleaner
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def clean(self, crops: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the crops as clean JPEGs, by the same names; what is no picture is told and left out.

        Raises:
            Unavailable: no decoder can be had now.
        """
        cleaned = await asyncio.gather(*(self._one(name, raw) for name, raw in crops.items()))
        return {name: jpeg for name, jpeg in zip(crops, cleaned, strict=True) if jpeg is not None}

    async def _one(self, name: str, raw: bytes) -> bytes | None:
        async with self._turn:
            try:
                return (await self._cleaner.clean(raw)).jpeg
            except BadInput as fault:
                structlog.get_logger().warning("bad_crop", sighting=name, reason=fault.message)
                return None
