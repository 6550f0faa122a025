"""Between the connected cameras and clients and the rest: takes what they say, sends what has to be told.

Decides nothing: who has to be told what is in `domain.conversation`.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.pictures.cleaner import from_base64
from backbone.wire import from_client, from_processor, to_client
from backbone.wire.codec import checked_boxes, encode
from backbone.wire.shared import Error, FeatureMap
from backbone.wire.to_processor import StartStream, StopStream
from backbone.wire.values import CameraView, Message, camera_key
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.camera import Camera, PeerId
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    FeatureMapLearned,
    NegativesLearned,
    ReferencesLearned,
)
from processor_orchestrator.domain.case_messages import start_of
from processor_orchestrator.domain.conversation import Conversation, Delivery
from processor_orchestrator.domain.events import (
    BoxesSeen,
    CameraJoined,
    CameraModelsChanged,
    ConnectionsChanged,
    MapRefused,
    MapWanted,
    PeersMet,
    PicturesWanted,
    SightingsStored,
)
from processor_orchestrator.domain.likeness import UNNAMED
from processor_orchestrator.domain.sighting import told
from processor_orchestrator.live.dispatch import Dispatch, Peer
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.sightings.service import SightingService

CLOSE_REPLACED = 4409
TOKENS = 2
"""JPEGs that may be under way from a camera at once: one on the wire while the next is being encoded."""

WIDTH = 960
"""Widest live picture that is asked for, pixels."""


class LiveService(Part):
    """Everybody who is connected to this orchestrator process.

    Args:
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        conversation: Conversation,
        cases: CaseService,
        sightings: SightingService,
        bus: EventBus,
        metrics: OrchestratorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._conversation = conversation
        self._cases = cases
        self._sightings = sightings
        self._bus = bus
        self._metrics = metrics
        self._now = now
        self._dispatch = Dispatch()
        self._models = frozenset[str]()
        self._listen(bus)

    def _listen(self, bus: EventBus) -> None:
        talk = self._conversation
        bus.subscribe(CaseOpened, lambda event: self._send(talk.opened(event.case)), origin=Origin.HERE)
        bus.subscribe(
            CaseOpened, lambda event: self._send(talk.opened(event.case, elsewhere=True)), origin=Origin.ELSEWHERE
        )
        bus.subscribe(CaseClosed, lambda event: self._send(talk.closed(event)))
        bus.subscribe(FeatureMapLearned, self._tell_map)
        bus.subscribe(ReferencesLearned, lambda event: self._tell_of(event.case_id, talk.references_learned))
        bus.subscribe(NegativesLearned, self._tell_negatives)
        bus.subscribe(MapWanted, self._ask_for_map, origin=Origin.HERE)
        bus.subscribe(SightingsStored, self._tell_sightings)
        bus.subscribe(BoxesSeen, lambda event: self._dispatch.send_boxes(talk.clients.all, event.payload))
        bus.subscribe(PicturesWanted, self._ask_for_pictures, origin=Origin.HERE)
        bus.subscribe(PeersMet, self._met)

    async def stop(self) -> None:
        """Tell every peer to come back: this process ends."""
        self._dispatch.dismiss_all()

    # Reading.

    def require_loaded(self) -> None:
        """Refuse peers until the stored state is known.

        Raises:
            Unavailable: the store has not answered yet.
        """
        self._cases.require_loaded()

    def online(self) -> list[Camera]:
        """Return the cameras that are connected here."""
        return self._conversation.cameras.here()

    def models(self) -> frozenset[str]:
        """Return the models of the feature maps of the cameras that are connected here."""
        return self._conversation.cameras.models()

    def known_cameras(self) -> set[str]:
        """Return the keys of every known camera, wherever it is connected."""
        return self._conversation.cameras.known()

    def camera_views(self, viewers: dict[str, int] | None = None) -> list[CameraView]:
        """Return every known camera, by name; `viewers`: how many watch each, by key."""
        return self._conversation.cameras.views(viewers)

    def camera_id_of(self, peer_id: PeerId) -> str | int:
        """Return the camera that a processor speaks for.

        Raises:
            Conflict: it has not said which.
        """
        return self._conversation.cameras.camera_id_of(peer_id)

    # Processors.

    def processor_connected(self, peer: Peer) -> PeerId:
        """Take in a processor that has not said which camera it speaks for."""
        return self._dispatch.take_in(peer)

    async def processor_joined(self, peer_id: PeerId, message: from_processor.Identifier, subject: str | None) -> None:
        """Let a processor speak for a camera; an older socket of the same camera is closed.

        Raises:
            Conflict: another subject speaks for the camera.
        """
        camera_id = message.id
        replaced, lines = self._conversation.processor_joined(
            peer_id, camera_id, subject, now=self._now(), features=message.features, model=message.model_id
        )
        if replaced is not None:
            self._dispatch.close(replaced, CLOSE_REPLACED, "a newer connection speaks for this camera")
        structlog.get_logger().info("processor_joined", camera=camera_id)
        self._cameras_changed(lines)
        self._bus.publish(CameraJoined(camera_key(camera_id)))
        if self._cases.open():
            with suppress(Unavailable):  # the visits then begin anew, as they would have to
                await self._sightings.resume(camera_id=camera_id)

    def processor_left(self, peer_id: PeerId) -> None:
        """Forget a processor's socket."""
        self._dispatch.let_go(peer_id)
        self._cameras_changed(self._conversation.processor_left(peer_id, now=self._now()))

    def told_map(self, peer_id: PeerId, message: FeatureMap) -> None:
        """Note the model of a map that a processor made, before it is learned."""
        self._send(self._conversation.processor_told_map(peer_id, message.model_id or UNNAMED))
        self._tell_models()

    def _tell_models(self) -> None:
        models = self.models()
        if models != self._models:
            self._models = models
            self._bus.publish(CameraModelsChanged(models))

    def _cameras_changed(self, lines: Iterable[Delivery]) -> None:
        self._metrics.processors.set(len(self._conversation.cameras.online()))
        self._send(lines)
        self._tell_models()
        self._bus.publish(ConnectionsChanged())

    def boxes(self, peer_id: PeerId, message: from_processor.BoundingBoxes) -> None:
        """Hand boxes to every client and note the sightings in them.

        Raises:
            BadInput: a box is not what it must be; nothing was handed on.
            Conflict: the processor has not said which camera it speaks for.
        """
        checked = checked_boxes(message.boxes, reply_to="boundingBoxes")
        sought = [(box.object_id, box) for box in checked if box.object_id and self._cases.get(box.object_id)]
        crops = [from_base64(box.crop) if box.crop is not None else None for _, box in sought]
        camera_id, model = self.camera_id_of(peer_id), self._conversation.cameras.model_of(peer_id) or None
        seen = to_client.BoundingBoxes(camera_id=camera_id, frame_id=message.frame_id, boxes=message.boxes)
        self._bus.publish(BoxesSeen(encode(seen)))
        self._metrics.box_messages.inc()
        for (case_id, box), crop in zip(sought, crops, strict=True):
            frame_id = float(message.frame_id)
            self._sightings.observe(case_id, camera_id, box, frame_id=frame_id, crop=crop, model_id=model)

    async def complain(self, peer_id: PeerId, message: Error) -> None:
        """Take a processor's complaint: it ends the case that the processor was asked to make out and could not."""
        structlog.get_logger().warning("processor_complains", code=message.code, reason=message.message[:500])
        case = self._cases.get(message.object_id) if message.object_id is not None else None
        if case is None:
            return
        if self._conversation.is_asked(peer_id, case):
            await self._cases.fail(case.case_id, message.message)
            return
        model = self._conversation.cameras.model_of(peer_id)
        if model is not None and message.reply_to == "start":
            self._bus.publish(MapRefused(case.case_id, model))

    def tell_camera(self, camera: str, message: Message) -> None:
        """Send a message to a camera's processor, by the camera's key; nothing happens while it is not here."""
        peer = self._conversation.cameras.online().get(camera)
        if peer is not None:
            self._send([Delivery((peer,), message)])

    # Clients.

    def client_joined(self, peer: Peer) -> PeerId:
        """Take in a client."""
        peer_id = self._dispatch.take_in(peer)
        self._conversation.clients.join(peer_id)
        self._metrics.clients.set(len(self._conversation.clients))
        return peer_id

    def client_left(self, peer_id: PeerId) -> None:
        """Forget a client; what it started goes on."""
        self._dispatch.let_go(peer_id)
        self._conversation.clients.leave(peer_id)
        self._metrics.clients.set(len(self._conversation.clients))

    async def start_case(self, peer_id: PeerId, message: from_client.Start) -> int:
        """Open a case at a client's wish and return its id; it is stored when this returns.

        Raises:
            SearchlightError: the start cannot work; nothing was changed.
        """
        case_id = await self._cases.begin(message, check=lambda: self._conversation.check_camera(message))
        self._conversation.started_by(peer_id, case_id)
        return case_id

    def uses_images(self, peer_id: PeerId, *, wanted: bool) -> None:
        """Note whether a client wants images, and send it the current ones."""
        self._send(self._conversation.uses_images(peer_id, wanted=wanted))

    def subscribed(self, peer_id: PeerId, message: from_client.Subscribe) -> None:
        """Note what else a client wants to be told."""
        self._send(self._conversation.subscribed(peer_id, message))

    # What happened.

    def _tell_of(self, case_id: int, lines: Callable[[Case], list[Delivery]]) -> None:
        case = self._cases.get(case_id)
        if case is not None:
            self._send(lines(case))

    def _tell_map(self, event: FeatureMapLearned) -> None:
        model = event.model_id or UNNAMED
        self._tell_of(event.case_id, lambda case: self._conversation.feature_map_learned(case, model))

    def _tell_negatives(self, event: NegativesLearned) -> None:
        self._tell_of(event.case_id, lambda case: self._conversation.negatives_learned(case, event.model_id))

    def _ask_for_map(self, event: MapWanted) -> None:
        camera = self._conversation.encoder_for(event.model)
        case = self._cases.get(event.case_id)
        if camera is not None and case is not None:
            self.tell_camera(camera, start_of(replace(case, image=event.jpeg, frame_id=None, box_id=None)))

    def _tell_sightings(self, event: SightingsStored) -> None:
        peers = self._conversation.clients.for_sightings
        self._send(Delivery(peers, told(sighting)) for sighting in event.sightings if peers)

    def _ask_for_pictures(self, event: PicturesWanted) -> None:
        wanted = StartStream(fps=event.fps, width=WIDTH, tokens=TOKENS) if event.fps else StopStream()
        self.tell_camera(event.camera, wanted)

    def _met(self, event: PeersMet) -> None:
        outdated, lines = self._conversation.cameras_met(event.cameras)
        for peer in outdated:
            self._dispatch.close(peer, CLOSE_REPLACED, "a newer connection speaks for this camera")
        self._send(lines)

    def _send(self, deliveries: Iterable[Delivery]) -> None:
        self._dispatch.deliver(deliveries)
