"""`/api/...`: cameras, objects and sightings as JSON. Reads only."""

from typing import Any

import msgspec

from backbone.errors import BadInput, NotFound
from backbone.web import BaseHandler
from processor_orchestrator.stores import Store
from processor_orchestrator.streams.relay import StreamRelay
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sighting_writer import told
from processor_orchestrator.tracking.switchboard import Switchboard

MAX_SIGHTINGS = 1_000
PICTURE_TYPE = "image/jpeg"


class CamerasHandler(BaseHandler):
    """The known cameras."""

    def initialize(self, switchboard: Switchboard, relay: StreamRelay) -> None:
        """Take the collaborators."""
        self._switchboard = switchboard
        self._relay = relay

    def get(self) -> None:
        """Answer every known camera, by name."""
        views = self._switchboard.tracking.roster.views(self._relay.viewers())
        self.write_json({"data": msgspec.to_builtins(views)})


class ObjectsHandler(BaseHandler):
    """What is sought now."""

    def initialize(self, switchboard: Switchboard, store: Store) -> None:
        """Take the collaborators."""
        self._switchboard = switchboard
        self._store = store

    async def get(self) -> None:
        """Answer every object, the newest first."""
        objects = sorted(self._switchboard.tracking.objects.values(), key=lambda known: -known.object_id)
        self.write_json({"data": [_object_view(known, await self._last_seen(known.object_id)) for known in objects]})

    async def _last_seen(self, object_id: int) -> float | None:
        newest = await self._store.sightings(limit=1, object_id=object_id)
        return newest[0].last_seen if newest else None


class SightingsHandler(BaseHandler):
    """What was seen."""

    def initialize(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store

    async def get(self) -> None:
        """Answer the newest sightings, newest first; `limit` and `objectId` narrow them."""
        limit = self._number("limit", default=100, highest=MAX_SIGHTINGS)
        asked = self.get_query_argument("objectId", None)
        object_id = None if asked is None else self._number("objectId", default=1, highest=2**53)
        found = await self._store.sightings(limit=limit, object_id=object_id)
        self.write_json({"data": [sighting_view(sighting) for sighting in map(told, found)]})

    def _number(self, name: str, *, default: int, highest: int) -> int:
        text = self.get_query_argument(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= highest):
            raise BadInput(f"{name}: expected a whole number from 1 to {highest}, got {text[:40]!r}")
        return int(text)


class ObjectImageHandler(BaseHandler):
    """The picture with which an object was opened; of a case from photos the first reference."""

    def initialize(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store

    async def get(self, object_id: str) -> None:
        """Answer the JPEG."""
        jpeg = await self._store.image(int(object_id))
        if jpeg is None:
            jpeg = next(iter(await self._store.chips(int(object_id))), None)
        if jpeg is None:
            raise NotFound(f"expected an object with an image, got {object_id}")
        self.set_header("Content-Type", PICTURE_TYPE)
        self.write(jpeg)


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
        self.set_header("Content-Type", PICTURE_TYPE)
        self.write(jpeg)


def _object_view(known: TrackedObject, last_seen: float | None) -> dict[str, Any]:
    """Return what the page shows of an object; the feature map itself never leaves. Any: JSON values."""
    return {
        "objectId": known.object_id,
        "name": known.name,
        "openedAt": known.opened_at,
        "expiresAt": known.expires_at,
        "lastSeenAt": last_seen,
        "cameraId": known.camera,
        "hasFeatureMap": known.has_feature_map,
        "hasImage": known.has_picture,
    }


def sighting_view(sighting: Any) -> dict[str, Any]:  # noqa: ANN401 - msgspec's view of a struct
    """Return what the page shows of a sighting. Any: JSON values."""
    view: dict[str, Any] = msgspec.to_builtins(sighting)
    view.pop("type", None)
    return view
