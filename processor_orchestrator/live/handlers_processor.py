"""`/processor`: what camera processors say (WIRE section 4). Decides nothing."""

from collections.abc import Awaitable
from typing import ClassVar

from backbone.web.guard import Access
from backbone.web.http import Route
from backbone.web.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_processor, stream_frames
from backbone.wire.codec import type_of
from backbone.wire.from_processor import BoundingBoxes, FromProcessor, Identifier
from backbone.wire.shared import Authenticate, Error, FeatureMap
from backbone.wire.to_processor import StreamToken
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.streams.relay import StreamRelay


def routes(*, live: LiveService, cases: CaseService, relay: StreamRelay, most: int) -> list[Route]:
    """Return the path of camera processors; `most` of them may be connected."""
    collaborators = {"live": live, "cases": cases, "relay": relay, "count": SocketCount(most)}
    return [Route("/processor", ProcessorSocket, collaborators)]


class ProcessorSocket(BaseSocket):
    """One camera processor."""

    role: ClassVar[Access] = Access.PROCESSOR

    def initialize(self, live: LiveService, cases: CaseService, relay: StreamRelay, count: SocketCount) -> None:
        """Take the collaborators."""
        self._live = live
        self._cases = cases
        self._relay = relay
        self.count = count

    def prepare(self) -> None:
        """Refuse processors until the stored state is known; they come back."""
        super().prepare()
        self._live.require_loaded()

    def opened(self) -> None:
        """Wait for `identifier`."""
        self._peer = self._live.processor_connected(self)

    def closed(self) -> None:
        """Forget the processor, unless a newer socket speaks for its camera."""
        self._live.processor_left(self._peer)

    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Act on one message, or on one JPEG for the viewers."""
        if isinstance(message, bytes):
            self.require_authenticated()
            if self._relay.received(self._live.camera_id_of(self._peer), stream_frames.unpack(message)):
                self.send(StreamToken(tokens=1))
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
                self._live.boxes(self._peer, said)
            case Identifier():
                subject = self.principal.subject if self.principal is not None else None
                return self._live.processor_joined(self._peer, said, subject)
            case FeatureMap():
                self._live.told_map(self._peer, said)
                return self._cases.learn(said)
            case Error():
                return self._live.complain(self._peer, said)
        return None
