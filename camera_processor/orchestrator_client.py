"""Speaks with the orchestrator: keeps what could not be sent, keeps commands for the loop.

Does not know what commands mean for the faces. WIRE section 4, client side.
"""

import asyncio
import contextlib

import structlog
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from backbone.errors import SearchlightError
from backbone.lifecycle import Part
from backbone.outbox import Outbox, PeerTooSlow
from backbone.pictures.cleaner import PictureCleaner, from_base64
from backbone.steady_socket import Outgoing, SteadySocket
from backbone.web.health import Dependency
from backbone.wire import to_processor
from backbone.wire.codec import PICTURE_MESSAGE_BYTES, BadMessage, encode
from backbone.wire.from_processor import Identifier
from backbone.wire.shared import Authenticate, Error, FeatureMap, Stop
from backbone.wire.stream_frames import StreamFrame
from backbone.wire.values import Message
from camera_processor.domain.commands import (
    Command,
    CommandList,
    Forget,
    ForgetAllBut,
    Judge,
    Learn,
    SeekBox,
    SeekPicture,
)
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.metrics import ProcessorMetrics

SETTLED_SECONDS = 3.0
"""After joining, the orchestrator has named every sought object within this time; the others are forgotten."""

FEATURES = ("case",)
"""Which of our additions to WIRE section 4 this processor understands; the orchestrator sends no others."""

MAX_KEPT_FRAMES = 50
MAX_KEPT_COMMANDS = 20_000


class OrchestratorClient(Part):
    """One camera's connection to its orchestrator.

    Args:
        url: ws(s)://HOST:PORT/processor; several, separated by commas, are tried in turn.
        model_id: of the feature maps that this processor makes and understands.
        token: for `authenticate`, where the orchestrator asks for one.
        commands: where what the orchestrator asks for is kept.
        demand: whether the orchestrator wants JPEGs.
    """

    def __init__(
        self,
        url: str,
        *,
        camera_id: str,
        model_id: str | None = None,
        token: str | None,
        commands: CommandList,
        demand: StreamDemand,
        cleaner: PictureCleaner,
        metrics: ProcessorMetrics,
    ) -> None:
        self._socket = SteadySocket(url, self._converse, max_message_bytes=PICTURE_MESSAGE_BYTES)
        self._camera_id = camera_id
        self._model_id = model_id
        self._token = token
        self._commands = commands
        self._demand = demand
        self._cleaner = cleaner
        self._metrics = metrics
        self._outgoing = Outgoing(Outbox(max_frames=MAX_KEPT_FRAMES, max_commands=MAX_KEPT_COMMANDS))
        metrics.outbox_waiting.set_function(lambda: len(self._outgoing))
        self._connection: WebSocketClientConnection | None = None
        self._named: set[int] = set()

    @property
    def connected(self) -> bool:
        """Whether the socket is open now."""
        return self._connection is not None

    @property
    def last_error(self) -> str:
        """Why it is not connected."""
        return self._socket.last_error

    def readiness(self) -> Dependency:
        """Say whether it is connected, and why not."""
        return Dependency(ok=self.connected, detail="connected" if self.connected else self.last_error)

    def send(self, message: Message, *, droppable: bool = False) -> None:
        """Queue a message; one that is not droppable is kept, within a bound, until it could be sent."""
        payload = encode(message)
        if droppable:
            self._outgoing.put_frame(payload)
        else:
            try:
                self._outgoing.put_command(payload)
            except PeerTooSlow:
                self._metrics.outbox_refused.inc()

    async def send_picture(self, frame: StreamFrame) -> None:
        """Send one JPEG now; it is lost when the socket is not open."""
        if self._connection is not None:
            with contextlib.suppress(WebSocketClosedError):
                await self._connection.write_message(frame.pack(), binary=True)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._socket.run()

    async def _converse(self, connection: WebSocketClientConnection) -> None:
        try:
            await self._introduce(connection)
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._outgoing.send_over(connection))
                settling = group.create_task(self._settle())
                await self._read(connection)
                writer.cancel()
                settling.cancel()
        finally:
            self._connection = None
            self._demand.stop()
            self._metrics.connected.set(0)

    async def _introduce(self, connection: WebSocketClientConnection) -> None:
        if self._token is not None:
            await connection.write_message(encode(Authenticate(jwt=self._token)))
        identifier = Identifier(id=self._camera_id, features=FEATURES, model_id=self._model_id)
        await connection.write_message(encode(identifier))
        self._named = set()
        self._connection = connection
        self._metrics.connected.set(1)
        structlog.get_logger().info("orchestrator_connected", url=self._socket.url)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLED_SECONDS)
        self._keep(ForgetAllBut(frozenset(self._named)))

    async def _read(self, connection: WebSocketClientConnection) -> None:
        while True:
            raw = await connection.read_message()
            if raw is None:
                return
            try:
                await self._take(to_processor.decode(raw))
            except BadMessage as fault:
                self.send(Error(code=fault.code, message=fault.message, reply_to=fault.reply_to))

    async def _take(self, message: to_processor.ToProcessor) -> None:
        match message:
            case to_processor.Start():
                await self._take_start(message)
            case Stop(object_id=object_id):
                self._named.discard(object_id)
                self._keep(Forget(object_id))
            case FeatureMap(object_id=object_id, feature_map=feature_map, model_id=model_id):
                self._named.add(object_id)
                self._keep(Learn(object_id, feature_map, model_id))
            case to_processor.Case(object_id=object_id, threshold=threshold):
                self._named.add(object_id)
                self._keep(Judge(object_id, threshold, message.negatives or (), message.model_id))
            case to_processor.StartStream(fps=fps, width=width, tokens=tokens):
                self._demand.start(fps=fps, width=width, tokens=tokens)
            case to_processor.StreamToken(tokens=tokens):
                self._demand.add_tokens(tokens)
            case to_processor.StopStream():
                self._demand.stop()
            case Error(code=code, message=text, reply_to=reply_to):
                structlog.get_logger().warning("orchestrator_refused", code=code, reason=text, reply_to=reply_to)

    async def _take_start(self, message: to_processor.Start) -> None:
        self._named.add(message.object_id)
        if message.image is not None:
            try:
                picture = await self._cleaner.clean(from_base64(message.image))
            except SearchlightError as fault:
                self.send(Error(code=fault.code, message=fault.message, reply_to="start", object_id=message.object_id))
                return
            self._keep(SeekPicture(message.object_id, picture.jpeg))
        elif message.box_id is not None:
            self._keep(SeekBox(message.object_id, message.box_id))

    def _keep(self, command: Command) -> None:
        self._commands.add(command)
