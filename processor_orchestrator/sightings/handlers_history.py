"""`/timelines` and `/objectIds`: where sought persons were seen, in the legacy form (WIRE section 4)."""

import json
from datetime import UTC, datetime

from backbone.errors import BadInput
from backbone.web.http import BaseHandler, Route
from processor_orchestrator.stores import Store

MISSING = 'Missing "objectId" query parameter'
NEVER_SEEN = "Object id not present in tracking history"
TIME_FORMAT = "%Y/%m/%d | %H:%M:%S"


def routes(*, store: Store) -> list[Route]:
    """Return the legacy paths."""
    known = {"store": store}
    return [Route("/timelines", TimelinesHandler, known), Route("/objectIds", ObjectIdsHandler, known)]


class _HistoryHandler(BaseHandler):
    """What both handlers share."""

    def initialize(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store

    def write_data(self, data: object) -> None:
        """Answer in the legacy spelling: no space after the outer key, one after each comma of a list."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write('{"data":' + json.dumps(data) + "}")


class TimelinesHandler(_HistoryHandler):
    """Where one person was seen; times are UTC."""

    async def get(self) -> None:
        """Answer the timeline of `objectId` (or `object_id`)."""
        asked = self.get_query_argument("objectId", None) or self.get_query_argument("object_id", None)
        if not asked:
            self._refuse(MISSING)
            return
        rows = await self._store.timeline(int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 16 else []
        if not rows:
            self._refuse(NEVER_SEEN)
            return
        self.write_data([{"timeStamp": _stamp(row.second), "processorId": row.camera_id} for row in rows])

    def _refuse(self, text: str) -> None:
        """Answer the legacy text with its status."""
        self.metrics.refused.labels("http", BadInput.code).inc()
        self.set_status(BadInput.status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(text)


class ObjectIdsHandler(_HistoryHandler):
    """The id of every case that ever was."""

    async def get(self) -> None:
        """Answer the ids, ascending."""
        self.write_data(await self._store.object_ids())


def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, tz=UTC).strftime(TIME_FORMAT)
