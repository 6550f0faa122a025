"""The main loop: newest frame and waiting commands in, boxes and JPEGs out. Decides nothing about faces."""

import time

from backbone.latest_slot import LatestSlot
from backbone.lifecycle import Part
from backbone.web.mjpeg import Broadcast
from backbone.wire.stream_frames import StreamFrame
from camera_processor.analyst import Turn, Wanted
from camera_processor.analyst_thread import AnalystThread
from camera_processor.domain.commands import CommandList
from camera_processor.domain.frames import Frame
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.metrics import ProcessorMetrics
from camera_processor.orchestrator_client import OrchestratorClient

IDLE_SECONDS = 0.25
"""How long commands may wait while no frame comes."""


class FrameLoop(Part):
    """Turns frames into boxes, one at a time.

    Args:
        client: None when no orchestrator is told.
    """

    def __init__(
        self,
        *,
        slot: LatestSlot[Frame],
        commands: CommandList,
        analyst: AnalystThread,
        client: OrchestratorClient | None,
        demand: StreamDemand,
        broadcast: Broadcast,
        metrics: ProcessorMetrics,
    ) -> None:
        self._slot = slot
        self._commands = commands
        self._analyst = analyst
        self._client = client
        self._demand = demand
        self._broadcast = broadcast
        self._metrics = metrics

    async def run(self) -> None:
        """Turn until cancelled."""
        while True:
            frame = await self._slot.take(timeout=IDLE_SECONDS)
            commands = self._commands.drain()
            if frame is None and not commands:
                continue
            await self._tell(frame, await self._analyst.turn(frame, commands, self._wanted(frame)))

    def _wanted(self, frame: Frame | None) -> Wanted:
        if frame is None:
            return Wanted()
        plain = self._demand.width if self._demand.wants(frame.grabbed_at) else None
        return Wanted(overlay=self._broadcast.wants(frame.grabbed_at), plain_width=plain)

    async def _tell(self, frame: Frame | None, turn: Turn) -> None:
        self._count(turn)
        if turn.overlay is not None:
            self._broadcast.publish(turn.overlay)
        if self._client is None:
            return
        for answer in turn.answers:
            self._client.send(answer)
        if turn.boxes is not None:
            self._client.send(turn.boxes, droppable=not turn.identified)
        if turn.plain is not None and frame is not None:
            now = time.time()
            grabbed_at = now - (time.monotonic() - frame.grabbed_at)
            await self._client.send_picture(
                StreamFrame(turn.plain, frame.frame_id, frame.sequence, grabbed_at=grabbed_at, encoded_at=now)
            )

    def _count(self, turn: Turn) -> None:
        if turn.result is not None:
            self._metrics.processed.inc()
            self._metrics.detections.inc(turn.result.detected)
            self._metrics.encodings.inc(turn.result.encoded)
            self._metrics.seconds.observe(turn.seconds)
        self._metrics.jpegs.labels("overlay").inc(turn.overlay is not None)
        self._metrics.jpegs.labels("plain").inc(turn.plain is not None)
