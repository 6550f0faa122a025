"""One JPEG to every viewer as multipart/x-mixed-replace: framed once, newest wins. Does not encode pictures."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tornado.iostream import StreamClosedError

from backbone.errors import BadInput, Unavailable
from backbone.guard import Access
from backbone.latest_slot import LatestSlot
from backbone.pacer import Pacer
from backbone.web import BaseHandler

BOUNDARY = b"frame"
DEFAULT_FPS = 10.0
MIN_FPS = 0.1
"""Slower than one in ten seconds looks like a stall, and is let go as one."""
MAX_FPS = 60.0
MAX_VIEWERS = 500
STALLED_SECONDS = 60.0
"""A viewer that takes nothing for this long is let go."""


@dataclass(frozen=True, slots=True)
class Part:
    """One JPEG, bare and as a part of the multipart body; all viewers share it."""

    jpeg: bytes
    framed: bytes


class Viewer:
    """One open picture: a slot for the next part, at most `fps` a second."""

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.slot: LatestSlot[Part] = LatestSlot()


class Broadcast:
    """The viewers of one stream.

    Args:
        on_demand: called with the highest fps that is asked for whenever it changes; 0.0 when the last viewer left.
    """

    def __init__(self, on_demand: Callable[[float], None] | None = None) -> None:
        self._on_demand = on_demand
        self._viewers: set[Viewer] = set()
        self._demand = 0.0
        self._pacer = Pacer()

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return len(self._viewers)

    @property
    def demand(self) -> float:
        """The highest fps that is asked for; 0.0 with nobody watching."""
        return self._demand

    @property
    def skipped(self) -> int:
        """How many parts the present viewers were too slow for."""
        return sum(viewer.slot.dropped for viewer in self._viewers)

    def join(self, viewer: Viewer) -> None:
        """Add a viewer.

        Raises:
            Unavailable: the stream has as many viewers as it may have.
        """
        if len(self._viewers) >= MAX_VIEWERS:
            raise Unavailable(f"expected at most {MAX_VIEWERS} viewers of one camera, got one more")
        self._viewers.add(viewer)
        self._tell_demand()

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        self._viewers.discard(viewer)
        self._tell_demand()

    def wants(self, now: float) -> bool:
        """Return whether a picture taken at `now` (monotonic seconds) is wanted, and count it as given when so."""
        return self._demand > 0 and self._pacer.lets_pass(now, per_second=self._demand)

    def publish(self, jpeg: bytes) -> None:
        """Hand one picture to every viewer; the bytes are framed once and shared."""
        part = Part(jpeg, framed(jpeg))
        for viewer in self._viewers:
            viewer.slot.put(part)

    def _tell_demand(self) -> None:
        demand = max((viewer.fps for viewer in self._viewers), default=0.0)
        if demand != self._demand:
            self._demand = demand
            if self._on_demand is not None:
                self._on_demand(demand)


def framed(jpeg: bytes) -> bytes:
    """Return one part of the multipart body (RFC 2046 section 5.1.1, as browsers read x-mixed-replace)."""
    head = b"--%b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (BOUNDARY, len(jpeg))
    return head + jpeg + b"\r\n"


def asked_fps(text: str | None) -> float:
    """Return the frames a second that a viewer asks for.

    Raises:
        BadInput: it is no number from 0.1 to 60.
    """
    try:
        fps = DEFAULT_FPS if text is None else float(text)
    except ValueError:
        fps = 0.0
    if not MIN_FPS <= fps <= MAX_FPS:
        raise BadInput(f"fps: expected a number from {MIN_FPS:g} to {MAX_FPS:g}, got {(text or '')[:40]!r}")
    return fps


class MjpegHandler(BaseHandler):
    """Serves one broadcast to one browser; a subclass says which."""

    access: ClassVar[Access] = Access.CLIENT

    async def serve(self, broadcast: Broadcast, fps: float) -> None:
        """Send parts until the browser leaves, or takes nothing for a minute."""
        viewer = Viewer(fps)
        broadcast.join(viewer)
        self.set_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}")
        try:
            await self.flush()
            while not self.request.connection.stream.closed():  # type: ignore[union-attr] # HTTP1Connection's
                async with asyncio.timeout(STALLED_SECONDS):
                    await self._send_next(viewer)
        except (StreamClosedError, TimeoutError):
            self._drop_connection()
        finally:
            broadcast.leave(viewer)

    async def _send_next(self, viewer: Viewer) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        part = await viewer.slot.take(timeout=1.0)
        if part is None:
            return
        self.write(part.framed)
        await self.flush()
        await asyncio.sleep(max(0.0, 1.0 / viewer.fps - (loop.time() - began)))

    def _drop_connection(self) -> None:
        self.request.connection.stream.close()  # type: ignore[union-attr] # HTTP1Connection's
