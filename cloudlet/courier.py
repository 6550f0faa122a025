"""Keeps in touch with the servers and brings them what waits in the spool, in order. Decides no failover itself."""

import asyncio
import time
from http import HTTPStatus

import structlog

from backbone.errors import Unavailable
from cloudlet.failover import Failover
from cloudlet.metrics import CloudletMetrics
from cloudlet.server_link import ServerLink
from cloudlet.spool import Parcel, Spool

LONGEST_SLEEP = 5.0
MOST_REFUSALS = 50
"""A parcel that servers answered, and did not take, so often is given up."""

REFUSED = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The server works and says that it is this parcel that it does not take."""


class Courier:
    """One request at a time, so order is kept.

    Args:
        identity: the fields that name this cloudlet.
        heartbeat: more fields of a heartbeat.
    """

    def __init__(
        self,
        *,
        failover: Failover,
        link: ServerLink,
        spool: Spool,
        metrics: CloudletMetrics,
        identity: dict[str, str],
        heartbeat: dict[str, str],
    ) -> None:
        self._failover = failover
        self._link = link
        self._spool = spool
        self._metrics = metrics
        self._identity = identity
        self._fields = {
            "cloudJoinReq": {"id": "1", **identity, **heartbeat},
            "getJobs": identity,
            "heartbeat": {**identity, **heartbeat},
        }
        self._woken = asyncio.Event()
        self.last_error = "not joined yet"

    def wake(self) -> None:
        """Look into the spool now."""
        self._woken.set()

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self._woken.clear()
            busy = await self._tell_what_is_due()
            if self._failover.joined:
                busy = await self._bring_one() or busy
            self._metrics.joined.set(self._failover.joined)
            self._metrics.spooled.set(self._spool.bytes)
            if not busy:
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(min(LONGEST_SLEEP, self._failover.wait(time.monotonic()))):
                await self._woken.wait()
                if not self._failover.joined:  # what waits cannot be brought anyway
                    await asyncio.Event().wait()
        except TimeoutError:
            return

    async def _tell_what_is_due(self) -> bool:
        request = self._failover.due(time.monotonic())
        if request is None:
            return False
        await self._ask(request, self._fields[request], None)
        return True

    async def _bring_one(self) -> bool:
        try:
            parcel = await self._spool.oldest()
            return parcel is not None and await self._bring(parcel)
        except Unavailable as fault:
            structlog.get_logger().error("spool_unavailable", reason=fault.message)
            return False

    async def _bring(self, parcel: Parcel) -> bool:
        """Bring a parcel; return whether it makes sense to go on at once."""
        file = (f"{parcel.job}.zip", parcel.content) if parcel.request == "match" else None
        status = await self._ask(parcel.request, {} if file is not None else self._identity, file)
        if status == HTTPStatus.OK:
            await self._spool.delivered(parcel.id)
            self._metrics.matches.labels("delivered").inc() if file is not None else None
        elif status is not None and status in REFUSED:
            await self._set_aside(parcel, status)
            return parcel.refusals == 0
        return True

    async def _set_aside(self, parcel: Parcel, status: int) -> None:
        structlog.get_logger().warning(
            "parcel_refused", request=parcel.request, status=status, times=parcel.refusals + 1
        )
        self._metrics.matches.labels("refused").inc()
        if parcel.refusals + 1 >= MOST_REFUSALS:
            await self._spool.delivered(parcel.id)
            self._metrics.matches.labels("given_up").inc()
        else:
            await self._spool.refused(parcel.id)

    async def _ask(self, request: str, fields: dict[str, str], file: tuple[str, bytes] | None) -> int | None:
        """Return the status of an answer that shows that the server works; else go to the other and return None."""
        server = self._failover.server
        try:
            status = await self._link.post(server, request, fields, file=file)
        except Unavailable as fault:
            self._failed(server, fault.message)
            return None
        if status == HTTPStatus.OK or (status in REFUSED and request in {"match", "phoneLeaveReq"}):
            self._failover.succeeded(request, time.monotonic())
            return status
        self._failed(server, f"{request}: expected 200 of {server}, got {status}")
        return None

    def _failed(self, server: str, reason: str) -> None:
        self.last_error = reason
        before = self._failover.switches
        self._failover.failed(server, time.monotonic())
        self._metrics.switches.inc(self._failover.switches - before)
        structlog.get_logger().warning("server_failed", reason=reason, next=self._failover.server)
