"""`/api/sightings...`: what was seen, its pictures, and a person's word that it is somebody else. Decides nothing."""

from typing import Any

import msgspec

from backbone.errors import BadInput, NotFound
from backbone.web.http import BaseHandler, Route
from processor_orchestrator.domain.sighting import Sighting, told
from processor_orchestrator.sightings.service import SightingService
from processor_orchestrator.stores import Store

MAX_SIGHTINGS = 1_000
ID_IN_PATH = "[0-9a-f-]{1,64}"


def routes(*, sightings: SightingService, store: Store) -> list[Route]:
    """Return the paths of sightings."""
    return [
        Route("/api/sightings", SightingsHandler, {"sightings": sightings}),
        Route(f"/api/sightings/({ID_IN_PATH})/crop.jpg", CropHandler, {"store": store}),
        Route(f"/api/sightings/({ID_IN_PATH})/reject", RejectHandler, {"sightings": sightings}),
    ]


class SightingsHandler(BaseHandler):
    """What was seen."""

    def initialize(self, sightings: SightingService) -> None:
        """Take the service."""
        self._sightings = sightings

    async def get(self) -> None:
        """Answer the newest sightings, newest first; `limit` and `objectId` narrow them."""
        limit = self._number("limit", default=100, highest=MAX_SIGHTINGS)
        asked = self.get_query_argument("objectId", None)
        case_id = None if asked is None else self._number("objectId", default=1, highest=2**53)
        found = await self._sightings.newest(limit=limit, case_id=case_id)
        self.write_json({"data": [sighting_view(sighting) for sighting in found]})

    def _number(self, name: str, *, default: int, highest: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= highest):
            raise BadInput(f"{name}: expected a whole number from 1 to {highest}, got {text[:40]!r}")
        return int(text)


class CropHandler(BaseHandler):
    """The best view of a sighting."""

    def initialize(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store

    async def get(self, sighting_id: str) -> None:
        """Answer the JPEG."""
        jpeg = await self._store.crop(sighting_id)
        if jpeg is None:
            raise NotFound(f"expected a sighting with a crop, got {sighting_id}")
        self.set_header("Content-Type", "image/jpeg")
        self.write(jpeg)


class RejectHandler(BaseHandler):
    """A person's word that a sighting shows somebody else."""

    def initialize(self, sightings: SightingService) -> None:
        """Take the service."""
        self._sightings = sightings

    async def post(self, sighting_id: str) -> None:
        """Mark the sighting."""
        await self._sightings.reject(sighting_id)
        self.write_json({"sightingId": sighting_id, "rejected": True})


def sighting_view(sighting: Sighting) -> dict[str, Any]:
    """Return what is shown of a sighting. Any: JSON values."""
    view: dict[str, Any] = msgspec.to_builtins(told(sighting))
    view.pop("type", None)
    return view
