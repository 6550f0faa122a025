"""Keeps in touch with the servers and brings them what waits in the outbox, in order. Decides no failover itself."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from cloudlet.domain.failover import Failover
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox, OutboxItem
from cloudlet.server_link import ServerLink

LONGEST_SLEEP = 5.0
MOST_REFUSALS = 50
"""An item that servers answered, and did not take, so often is given up."""

REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The server works and says that it is this item that it does not take."""


class DeliveryWorker(Part):
    """One request at a time, so order is kept.

    Args:
        identity: the fields that name this cloudlet.
        heartbeat: more fields of a heartbeat.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        *,
        failover: Failover,
        link: ServerLink,
        outbox: DeliveryOutbox,
        metrics: CloudletMetrics,
        identity: dict[str, str],
        heartbeat: dict[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failover = failover
        self._link = link
        self._outbox = outbox
        self._metrics = metrics
        self._identity = identity
        self._clock = clock
        self._fields = {
            "cloudJoinReq": {"id": "1", **identity, **heartbeat},
            "getJobs": identity,
            "heartbeat": {**identity, **heartbeat},
        }
        self._last_error = "not joined yet"

    def state(self) -> Dependency:
        """Return whether a server has this cloudlet on its roster."""
        joined = self._failover.joined
        return Dependency(ok=joined, detail=f"joined {self._failover.server}" if joined else self._last_error)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            if not await self.do_next():
                await self._rest()

    async def do_next(self) -> bool:
        """Send what is due and the next item; return whether it makes sense to go on at once."""
        busy = await self._tell_what_is_due()
        if self._failover.joined:
            busy = await self._bring_one() or busy
        self._metrics.joined.set(self._failover.joined)
        self._metrics.spooled.set(self._outbox.bytes)
        return busy

    async def _rest(self) -> None:
        seconds = min(LONGEST_SLEEP, self._failover.wait(self._clock()))
        if not self._failover.joined:  # what waits cannot be brought anyway
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._outbox.arrival()
        except TimeoutError:
            return

    async def _tell_what_is_due(self) -> bool:
        request = self._failover.due(self._clock())
        if request is None:
            return False
        await self._ask(request, self._fields[request], None)
        return True

    async def _bring_one(self) -> bool:
        try:
            item = await self._outbox.oldest()
            return item is not None and await self._bring(item)
        except Unavailable as fault:
            structlog.get_logger().error("spool_unavailable", reason=fault.message)
            return False

    async def _bring(self, item: OutboxItem) -> bool:
        """Bring an item; return whether it makes sense to go on at once."""
        file = (f"{item.job}.zip", item.content) if item.request == "match" else None
        status = await self._ask(item.request, {} if file is not None else self._identity, file)
        if status == HTTPStatus.OK:
            await self._outbox.delivered(item.id)
            if file is not None:
                self._metrics.matches.labels("delivered").inc()
        elif status is not None and status in REFUSED:
            await self._set_aside(item, status)
            return item.refusals == 0
        return True

    async def _set_aside(self, item: OutboxItem, status: int) -> None:
        structlog.get_logger().warning("item_refused", request=item.request, status=status, times=item.refusals + 1)
        self._metrics.matches.labels("refused").inc()
        if item.refusals + 1 >= MOST_REFUSALS:
            await self._outbox.delivered(item.id)
            self._metrics.matches.labels("given_up").inc()
        else:
            await self._outbox.refused(item.id)

    async def _ask(self, request: str, fields: dict[str, str], file: tuple[str, bytes] | None) -> int | None:
        """Return the status of an answer that shows that the server works; else go to the other and return None."""
        server = self._failover.server
        try:
            status = await self._link.post(server, request, fields, file=file)
        except Unavailable as fault:
            self._failed(server, fault.message)
            return None
        if status == HTTPStatus.OK or (status in REFUSED and request in {"match", "phoneLeaveReq"}):
            self._failover.succeeded(request, self._clock())
            return status
        self._failed(server, f"{request}: expected 200 of {server}, got {status}")
        return None

    def _failed(self, server: str, reason: str) -> None:
        self._last_error = reason
        before = self._failover.switches
        self._failover.failed(server, self._clock())
        self._metrics.switches.inc(self._failover.switches - before)
        structlog.get_logger().warning("server_failed", reason=reason, next=self._failover.server)
