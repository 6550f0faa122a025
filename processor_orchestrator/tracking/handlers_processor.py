"""`/processor`: what camera processors say (WIRE section 4). Decides nothing."""

from collections.abc import Awaitable
from typing import ClassVar

from backbone.guard import Access
from backbone.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_processor, stream_frames
from backbone.wire.codec import type_of
from backbone.wire.from_processor import BoundingBoxes, FromProcessor, Identifier
from backbone.wire.shared import Authenticate, Error, FeatureMap
from processor_orchestrator.streams.relay import StreamRelay
from processor_orchestrator.tracking.switchboard import Switchboard


class ProcessorSocket(BaseSocket):
    """One camera processor."""

    role: ClassVar[Access] = Access.PROCESSOR

    def initialize(self, switchboard: Switchboard, relay: StreamRelay, count: SocketCount) -> None:
        """Take the collaborators."""
        self._switchboard = switchboard
        self._relay = relay
        self.count = count

    def prepare(self) -> None:
        """Refuse processors until the stored state is known; they come back."""
        super().prepare()
        self._switchboard.require_loaded()

    def opened(self) -> None:
        """Wait for `identifier`."""
        self._peer = self._switchboard.processor_connected(self)

    def closed(self) -> None:
        """Forget the processor, unless a newer socket speaks for its camera."""
        self._switchboard.processor_left(self._peer)

    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Act on one message, or on one JPEG for the viewers."""
        if isinstance(message, bytes):
            self.require_authenticated()
            camera_id = self._switchboard.tracking.camera_id_of(self._peer)
            self._relay.received(camera_id, stream_frames.unpack(message))
            return None
        said = from_processor.decode(message)
        self.acting_on = type_of(said)
        if isinstance(said, Authenticate):
            self.authenticate(said.jwt)
            return None
        self.require_authenticated()
        return self._act(said)

    def _act(self, said: FromProcessor) -> Awaitable[None] | None:
        match said:
            case BoundingBoxes():
                self._switchboard.boxes(self._peer, said)
            case Identifier(id=camera_id, features=features):
                subject = self.principal.subject if self.principal is not None else None
                self._switchboard.processor_joined(self._peer, camera_id, subject, features)
                self._relay.camera_joined(camera_id)
                return self._switchboard.resume_visits(camera_id)
            case FeatureMap():
                return self._switchboard.learn(said)
            case Error():
                return self._switchboard.complain(self._peer, said)
        return None
