"""Keeps one source playing into a slot: starts the child that holds it, and starts it again. Decodes nothing itself."""

import asyncio
import contextlib
import enum
import threading
import time

import structlog

from backbone.backoff import Backoff
from backbone.latest_slot import LatestSlot
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from camera_processor.capture.process import CaptureProcess, Outcome
from camera_processor.capture.sources.kind import Source
from camera_processor.capture.wire import Header, Image
from camera_processor.domain.frames import Frame

NO_FRAME_SECONDS = 20.0
STEADY_SECONDS = 10.0  # a run that was online so long makes the next wait short again
STOP_SECONDS = 1.5


class CaptureState(enum.Enum):
    """What a source does; ENDED is final, a source that ended is not played again."""

    STARTING = "starting"
    ONLINE = "online"
    OFFLINE = "offline"
    ENDED = "ended"


class Capture(Part):
    """Plays a source while it runs; the newest frame is in the slot.

    Args:
        source: what to play.
        slot: where frames go; its own `dropped` counts what the taker was too slow for.
        no_frame_timeout: seconds without a picture after which the source is offline and its process is killed.
        backoff: the waits between two starts, counted from start to start while the source never comes online.

    Attributes:
        state: what the source does now.
        state_since: seconds since the epoch.
        frames: pictures that came, over all restarts.
        dropped: pictures that the child grabbed but did not deliver, because the pipe's reader or the machine was slow.
        refused: files of an image folder in the present run that were no pictures or over a limit.
        restarts: starts after the first.
        last_error: why the source was last offline, without credentials; empty when it never was.
        started_at: wall clock at which the present run began to play, None before its first picture. For files a
            frame's own time in the played material is `frame_id - started_at`.
        size: (width, height) of the last picture in pixels, None before the first.
    """

    def __init__(
        self,
        source: Source,
        *,
        slot: LatestSlot[Frame],
        no_frame_timeout: float = NO_FRAME_SECONDS,
        backoff: Backoff | None = None,
    ) -> None:
        self.source = source
        self.state = CaptureState.STARTING
        self.state_since = time.time()
        self.frames = 0
        self.dropped = 0
        self.refused = 0
        self.restarts = 0
        self.last_error = ""
        self.started_at: float | None = None
        self.size: tuple[int, int] | None = None
        self._slot = slot
        self._timeout = no_frame_timeout
        self._backoff = backoff or Backoff()
        self._child: CaptureProcess | None = None
        self._base = 0  # sequence numbers used up by earlier runs
        self._sequence = 0
        self._online_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process that holds the camera now, None when there is none."""
        return self._child.pid if self._child is not None else None

    def readiness(self) -> Dependency:
        """Say whether the source plays or came to its end, and why it does not play."""
        fine = self.state in (CaptureState.ONLINE, CaptureState.ENDED)
        reason = "" if fine or not self.last_error else f": {self.last_error}"
        return Dependency(ok=fine, detail=f"{self.state.value}{reason}")

    async def run(self) -> None:
        """Play, and start again what failed; returns when the source came to its end. No child is left."""
        while True:
            began = time.monotonic()
            outcome = await self._play_once()
            if outcome.ended:
                self._enter(CaptureState.ENDED)
                return
            self.last_error = f"{self.source.redacted}: {outcome.error}"
            self._enter(CaptureState.OFFLINE)
            await asyncio.sleep(self._wait_after(began, time.monotonic()))
            self.restarts += 1

    def _wait_after(self, began: float, now: float) -> float:
        """Return the seconds until the next start, after a run from `began` to `now`."""
        if self._online_at is None:
            # A camera that hangs costs the whole timeout; waiting on top of it would find it late when it returns.
            return max(self._backoff.next_wait() - (now - began), 0.0)
        if now - self._online_at >= STEADY_SECONDS:
            self._backoff.reset()
        return self._backoff.next_wait()

    async def _play_once(self) -> Outcome:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()
        self._online_at, self._base = None, self._sequence
        child = CaptureProcess(
            self.source,
            no_frame_timeout=self._timeout,
            on_picture=lambda header, image: self._take_picture(loop, header, image),
            on_header=self._take_header,
        )
        self._child = child

        def run() -> None:
            outcome = Outcome(ended=False, error="the reading thread failed; its traceback is on stderr")
            try:
                outcome = child.run()
            finally:
                child.close()
                with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
                    loop.call_soon_threadsafe(_settle, done, outcome)

        thread = threading.Thread(target=run, daemon=True, name="capture")
        thread.start()
        try:
            return await asyncio.shield(done)
        finally:
            child.stop()
            await asyncio.wait([done], timeout=STOP_SECONDS)
            thread.join(0.2)

    def _take_picture(self, loop: asyncio.AbstractEventLoop, header: Header, image: Image) -> None:
        """Put a picture into the slot; runs in the reading thread."""
        self._take_header(header)
        self.frames += 1
        self.size = (header.width, header.height)
        self.started_at = header.started_at
        if self._online_at is None:
            self._online_at = time.monotonic()
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._enter, CaptureState.ONLINE)
        self._slot.put(
            Frame(image=image, frame_id=header.frame_id, sequence=self._sequence, grabbed_at=time.monotonic())
        )

    def _take_header(self, header: Header) -> None:
        self.refused = header.refused
        if header.sequence:
            sequence = self._base + header.sequence
            has_picture = 1 if header.width else 0
            self.dropped += max(sequence - self._sequence - has_picture, 0)
            self._sequence = max(sequence, self._sequence)

    def _enter(self, state: CaptureState) -> None:
        if state is self.state:
            return
        self.state = state
        self.state_since = time.time()
        reason = self.last_error if state is CaptureState.OFFLINE else None
        source = self.source.redacted
        structlog.get_logger().info("source_state", state=state.value, source=source, reason=reason)


def _settle(done: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not done.done():
        done.set_result(outcome)
