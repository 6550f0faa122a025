"""One JPEG to every viewer as multipart/x-mixed-replace: framed once, newest wins. Does not encode pictures."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tornado.iostream import IOStream, StreamClosedError

from backbone.errors import BadInput, Unavailable
from backbone.latest_slot import LatestSlot
from backbone.pacer import Pacer
from backbone.web.direct_write import write_now
from backbone.web.guard import Access
from backbone.web.http import BaseHandler

BOUNDARY = b"frame"
DEFAULT_FPS = 10.0
MIN_FPS = 0.1
"""Slower than one in ten seconds looks like a stall, and is let go as one."""
MAX_FPS = 60.0
MAX_VIEWERS = 500
IDLE_SECONDS = 5.0
STALLED_SECONDS = 60.0
"""A viewer that takes nothing for this long is let go."""


@dataclass(frozen=True, slots=True)
class Part:
    """One JPEG, bare and as a part of the multipart body; all viewers share it."""

    jpeg: bytes
    framed: bytes


class Viewer:
    """One open picture: at most `fps` parts a second; what its socket cannot take at once waits in a slot.

    Args:
        stream: where parts are written directly; None for a viewer that only takes from the slot.
    """

    def __init__(self, fps: float, stream: IOStream | None = None) -> None:
        self.fps = fps
        self.slot: LatestSlot[Part] = LatestSlot()
        self._stream = stream
        self._pacer = Pacer()

    def offer(self, part: Part, now: float) -> None:
        """Write a part to the idle socket, or leave it in the slot; now is in monotonic seconds."""
        if not self._pacer.lets_pass(now, per_second=self.fps):
            return
        if not self.slot.empty or not write_now(self._stream, part.framed):
            self.slot.put(part)


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
        self.check_room()
        self._viewers.add(viewer)
        self._tell_demand()

    def check_room(self) -> None:
        """Refuse one viewer too many.

        Raises:
            Unavailable: the stream has as many viewers as it may have.
        """
        if len(self._viewers) >= MAX_VIEWERS:
            raise Unavailable(f"expected at most {MAX_VIEWERS} viewers of one camera, got one more")

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        self._viewers.discard(viewer)
        self._tell_demand()

    def wants(self, now: float) -> bool:
        """Return whether a picture taken at `now` (monotonic seconds) is wanted, and count it as given when so."""
        return self._demand > 0 and self._pacer.lets_pass(now, per_second=self._demand)

    def publish(self, jpeg: bytes) -> None:
        """Hand one picture to every viewer; the bytes are framed once and shared."""
        part, now = Part(jpeg, framed(jpeg)), time.monotonic()
        for viewer in self._viewers:
            viewer.offer(part, now)

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
        broadcast.check_room()
        self.set_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}")
        self.set_header("Connection", "close")
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers.get_all())
        stream = self.detach()
        viewer = Viewer(fps, stream)
        broadcast.join(viewer)
        stream.set_close_callback(lambda: broadcast.leave(viewer))
        try:
            await stream.write(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode("latin-1"))
            while not stream.closed():
                await self._send_waiting(viewer, stream)
        except (StreamClosedError, TimeoutError):
            stream.close()
        finally:
            broadcast.leave(viewer)

    async def _send_waiting(self, viewer: Viewer, stream: IOStream) -> None:
        """Send the part that the socket could not take at once; the others have been written already."""
        part = await viewer.slot.take(timeout=IDLE_SECONDS)
        if part is not None:
            async with asyncio.timeout(STALLED_SECONDS):
                await stream.write(part.framed)
