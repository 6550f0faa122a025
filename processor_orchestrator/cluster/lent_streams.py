"""Live pictures of cameras here for viewers at other orchestrators, for as long as those ask again."""

import asyncio
import time
from typing import Any

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.web.mjpeg import Viewer
from backbone.wire.values import camera_key
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.cluster.link import ClusterLink
from processor_orchestrator.domain.events import PictureSent, PicturesWanted
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.streams.relay import StreamRelay

LEASE_SECONDS = 5.0
"""Live pictures for another orchestrator end when it has not asked again for this long."""

RETRY_SECONDS = 0.5


class LentStreams(Part):
    """The cameras that are lent, each as one more viewer of its broadcast here.

    Several orchestrators that want one camera share one loan: pub/sub brings its pictures to all of them.
    """

    def __init__(self, *, bus: EventBus, link: ClusterLink, relay: StreamRelay, live: LiveService) -> None:
        self._bus = bus
        self._link = link
        self._relay = relay
        self._live = live
        self._lent: dict[str, _Loan] = {}
        bus.subscribe(PicturesWanted, self._wanted, origin=Origin.ELSEWHERE)

    async def run(self) -> None:
        """Ask again for what viewers here want, and end what nobody asks for any more, until cancelled."""
        try:
            while True:
                await asyncio.sleep(LEASE_SECONDS / 3)
                for camera, fps in self._relay.demands().items():
                    if camera not in self._here():
                        self._bus.publish(PicturesWanted(camera, fps))
                for loan in [loan for loan in self._lent.values() if loan.is_over(time.monotonic())]:
                    self._end(loan)
        finally:
            for loan in list(self._lent.values()):
                self._end(loan)

    def _here(self) -> set[str]:
        return {camera_key(camera.camera_id) for camera in self._live.online()}

    def _wanted(self, event: PicturesWanted) -> None:
        loan = self._lent.get(event.camera)
        if loan is not None and loan.viewer.fps != event.fps:
            self._end(loan)
            loan = None
        if event.fps <= 0 or event.camera not in self._here():
            return
        if loan is None:
            loan = self._begin(event)
        if loan is not None:
            loan.renew(time.monotonic() + LEASE_SECONDS)

    def _begin(self, event: PicturesWanted) -> "_Loan | None":
        viewer = Viewer(event.fps)
        try:
            self._relay.broadcast(event.camera).join(viewer)
        except Unavailable:
            return None
        loan = _Loan(event.camera, viewer, asyncio.create_task(self._send_pictures(event.camera, viewer)))
        self._lent[event.camera] = loan
        return loan

    async def _send_pictures(self, camera: str, viewer: Viewer) -> None:
        while True:
            part = await viewer.slot.take(timeout=LEASE_SECONDS)
            if part is None:
                continue
            try:
                await self._link.send_now(PictureSent(camera, part.jpeg))  # a slow Redis leaves the newest in the slot
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _end(self, loan: "_Loan") -> None:
        self._lent.pop(loan.camera, None)
        self._relay.broadcast(loan.camera).leave(loan.viewer)
        loan.task.cancel()


class _Loan:
    """Pictures of a camera that another orchestrator asked for."""

    def __init__(self, camera: str, viewer: Viewer, task: asyncio.Task[Any]) -> None:
        self.camera = camera
        self.viewer = viewer
        self.task = task
        self._until = 0.0

    def renew(self, until: float) -> None:
        """Let it last until then, monotonic seconds."""
        self._until = until

    def is_over(self, now: float) -> bool:
        """Return whether nobody asked again in time."""
        return self._until < now
