"""Between sockets, domain and store: stores what the domain decided, then sends what follows. Decides nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace

import structlog

from backbone.errors import NotFound, Unavailable
from backbone.pictures import PictureCleaner, from_base64
from backbone.wire import from_client, from_processor
from backbone.wire.codec import checked_boxes
from backbone.wire.shared import Error, FeatureMap
from backbone.wire.values import Message
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.abroad import Abroad
from processor_orchestrator.tracking.dispatch import Dispatch, Peer
from processor_orchestrator.tracking.events import Event, ObjectClosed, SightingRejected
from processor_orchestrator.tracking.roster import PeerId
from processor_orchestrator.tracking.sighting_writer import told
from processor_orchestrator.tracking.sightings import GAP_SECONDS, Sighting, SightingBook
from processor_orchestrator.tracking.tracking import Delivery, Tracking

RETRY_SECONDS = 1.0
EXPIRY_SECONDS = 0.5
MAX_RESUMED = 1_000
CLOSE_REPLACED = 4409


class Switchboard(Dispatch):
    """The tracking conversation of one orchestrator process.

    Args:
        timeout: seconds after which an object is no longer sought.
        cleaner: makes foreign pictures safe before they are stored.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: Store,
        book: SightingBook,
        timeout: float,
        cleaner: PictureCleaner,
        metrics: OrchestratorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._store = store
        self._timeout = timeout
        self._cleaner = cleaner
        self._metrics = metrics
        self._now = now
        self._one_event_at_a_time = asyncio.Lock()
        self.tracking = Tracking(timeout=timeout)
        self.book = book
        self.abroad: Abroad | None = None
        self.learn_rejected: Callable[[Sighting], Awaitable[None]] | None = None
        self.loaded = False

    # Life.

    async def run(self) -> None:
        """Load what is stored, then end expired objects, until cancelled."""
        while not self.loaded:
            try:
                await self._load()
            except Unavailable as fault:
                structlog.get_logger().warning("cannot_load", reason=fault.message)
                await asyncio.sleep(RETRY_SECONDS)
        await self._end_expired_for_ever()

    async def _load(self) -> None:
        objects = await self._store.open_objects()
        recent = await self._store.sightings(limit=MAX_RESUMED)
        self.tracking = Tracking(timeout=self._timeout, objects=objects)
        for sighting in recent:
            if sighting.object_id in self.tracking.objects and self._now() - sighting.last_seen <= GAP_SECONDS:
                self.book.resume(sighting)
        self._metrics.objects.set(len(objects))
        self.loaded = True
        structlog.get_logger().info("loaded", objects=len(objects))

    # Peers.

    def require_loaded(self) -> None:
        """Refuse peers until the stored state is known.

        Raises:
            Unavailable: the store has not answered yet.
        """
        if not self.loaded:
            raise Unavailable("expected the stored objects to be loaded, got no answer from the store yet")

    def client_joined(self, peer: Peer) -> PeerId:
        """Take in a client."""
        peer_id = self._take_in(peer)
        self.tracking.client_joined(peer_id)
        self._metrics.clients.set(len(self.tracking.roster.clients))
        return peer_id

    def client_left(self, peer_id: PeerId) -> None:
        """Forget a client."""
        self._peers.pop(peer_id, None)
        self.tracking.client_left(peer_id)
        self._metrics.clients.set(len(self.tracking.roster.clients))

    def processor_connected(self, peer: Peer) -> PeerId:
        """Take in a processor that has not said which camera it speaks for."""
        return self._take_in(peer)

    def processor_joined(
        self, peer_id: PeerId, camera_id: str | int, subject: str | None, features: Collection[str] = ()
    ) -> None:
        """Let a processor speak for a camera; an older socket of the same camera is closed."""
        replaced, told = self.tracking.processor_joined(peer_id, camera_id, subject, now=self._now(), features=features)
        if replaced is not None and replaced in self._peers:
            self._peers[replaced].close(CLOSE_REPLACED, "a newer connection speaks for this camera")
        self._metrics.processors.set(len(self.tracking.roster.online()))
        structlog.get_logger().info("processor_joined", camera=camera_id)
        self.deliver(told)
        if self.abroad is not None:
            self.abroad.cameras_changed()

    def processor_left(self, peer_id: PeerId) -> None:
        """Forget a processor's socket."""
        self._peers.pop(peer_id, None)
        told = self.tracking.processor_left(peer_id, now=self._now())
        self._metrics.processors.set(len(self.tracking.roster.online()))
        self.deliver(told)
        if self.abroad is not None:
            self.abroad.cameras_changed()

    async def resume_visits(self, camera_id: str | int) -> None:
        """Take up the visits that a camera's processor began at another orchestrator, before its next boxes."""
        if self.abroad is None:
            return
        with suppress(Unavailable):  # the visits then begin anew, as they would have to
            for sighting in await self._store.sightings(limit=MAX_RESUMED):
                recent = self._now() - sighting.last_seen <= GAP_SECONDS
                if recent and sighting.object_id in self.tracking.objects and sighting.camera_id == camera_id:
                    self.book.resume(sighting)

    def dismiss_camera(self, camera: str) -> None:
        """Close the socket of a camera whose newer socket is at another orchestrator."""
        peer = self.tracking.roster.online().get(camera)
        if peer is not None and peer in self._peers:
            self._peers[peer].close(CLOSE_REPLACED, "a newer connection speaks for this camera")

    # What clients say.

    async def start_object(self, peer_id: PeerId, message: from_client.Start) -> int:
        """Open an object at a client's wish and return its id; it is stored when this returns.

        Raises:
            SearchlightError: the start cannot work; nothing was changed.
        """
        self.tracking.check_start(message)
        image = None if message.image is None else (await self._cleaner.clean(from_base64(message.image))).jpeg
        async with self._one_event_at_a_time:
            self.tracking.check_start(message)
            object_id = await self._store.next_object_id()
            await self._happen(self.tracking.open(object_id, message, image=image, now=self._now()))
            self.tracking.started_by(peer_id, object_id)
        return object_id

    async def stop_object(self, object_id: int) -> None:
        """Close an object at a client's wish.

        Raises:
            NotFound: it is not sought.
        """
        async with self._one_event_at_a_time:
            await self._happen(self.tracking.stop(object_id))

    async def reject(self, sighting_id: str, *, object_id: int | None = None) -> None:
        """Mark a sighting as somebody else's, at a person's word, and tell the clients.

        Raises:
            NotFound: no such sighting is kept, or not of this object.
        """
        known = await self._store.sighting(sighting_id)
        if known is None or object_id not in (None, known.object_id):
            raise NotFound(f"expected a sighting that is kept, got {sighting_id[:200]!r}", code="unknown_sighting")
        await self.happen(SightingRejected(known.object_id, sighting_id))
        self.tell_sightings([replace(known, rejected=True)])
        if self.learn_rejected is not None:
            await self.learn_rejected(known)

    # What processors say.

    async def learn(self, message: FeatureMap) -> None:
        """Store what an object looks like and tell every processor.

        Raises:
            NotFound: it is not sought.
        """
        async with self._one_event_at_a_time:
            await self._happen(self.tracking.learn(message))

    async def complain(self, peer_id: PeerId, message: Error) -> None:
        """Take a processor's complaint: it may end the object that the processor could not make out."""
        structlog.get_logger().warning("processor_complains", code=message.code, reason=message.message[:500])
        async with self._one_event_at_a_time:
            ended = self.tracking.fail(peer_id, message)
            if ended is not None:
                await self._happen(ended)

    def boxes(self, peer_id: PeerId, message: from_processor.BoundingBoxes) -> None:
        """Hand boxes to every client and note the sightings in them.

        Raises:
            BadInput: a box is not what it must be; nothing was handed on.
            Conflict: the processor has not said which camera it speaks for.
        """
        checked = checked_boxes(message.boxes, reply_to="boundingBoxes")
        sought = [(box.object_id, box) for box in checked if box.object_id in self.tracking.objects]
        crops = [from_base64(box.crop) if box.crop is not None else None for _, box in sought]
        told = self.tracking.boxes(peer_id, message)
        self.deliver([told])
        if self.abroad is not None:
            self.abroad.tell_boxes(told.message)
        self._metrics.box_messages.inc()
        camera_id = self.tracking.camera_id_of(peer_id)
        frame_id, now = float(message.frame_id), self._now()
        for (object_id, box), crop in zip(sought, crops, strict=True):
            self.book.observe(object_id, camera_id, box, frame_id=frame_id, crop=crop, now=now)

    # Sending.

    def tell_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Send stored sightings to the clients that want them, here and at the other orchestrators."""
        peers = self.tracking.roster.clients_that_want("sightings")
        for view in map(told, sightings):
            self.deliver([Delivery(peers, view)])
            if self.abroad is not None:
                self.abroad.tell_sighting(view)

    def tell_camera(self, camera: str, message: Message) -> None:
        """Queue a message for a camera's processor, by the camera's key; nothing happens while it is offline."""
        peer = self.tracking.roster.online().get(camera)
        if peer is not None:
            self.deliver([Delivery((peer,), message)])

    # Events.

    async def happen(self, event: Event) -> None:
        """Store an event that another conversation decided, then apply it and send what follows.

        Raises:
            Unavailable: it could not be stored; nothing happened.
        """
        async with self._one_event_at_a_time:
            await self._happen(event)

    async def _happen(self, event: Event) -> None:
        """Store an event, then apply it and send what follows; when it cannot be stored nothing happened."""
        try:
            await self._store.save(event)
        except Unavailable:
            self._metrics.store_failures.inc()
            raise
        self.take_up(event)

    def take_up(self, event: Event, told: list[Delivery] | None = None) -> None:
        """Send what follows from an event that is stored; `told`: what follows, where it was applied before."""
        self.deliver(self.tracking.apply(event) if told is None else told)
        self._metrics.objects.set(len(self.tracking.objects))
        if isinstance(event, ObjectClosed):
            self.book.forget(event.object_id)
        if isinstance(event, SightingRejected):
            self.book.reject(event.sighting_id)

    @property
    def one_event_at_a_time(self) -> asyncio.Lock:
        """Held while an event is stored and applied."""
        return self._one_event_at_a_time

    async def _end_expired_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EXPIRY_SECONDS)
            async with self._one_event_at_a_time:
                with suppress(Unavailable):  # counted by _happen; tried again at the next turn
                    for ended in self.tracking.expired(now=self._now()):
                        await self._happen(ended)
