"""Decides what a message means for the sought objects. No I/O, no clock: feed it and act on what it returns.

A message becomes an event (`open`, `learn`, `stop`, `fail`, `expired`: they raise or return, and change nothing); a
stored event is applied and tells what has to be sent.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from backbone.errors import BadInput, Conflict, NotFound, Unavailable
from backbone.wire import from_client, from_processor, to_client
from backbone.wire.shared import Error, FeatureMap, Stop
from backbone.wire.values import Message, camera_key
from processor_orchestrator.tracking.events import (
    Event,
    FeatureMapLearned,
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    Reason,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.tracking.object_messages import (
    asked_camera,
    case_of,
    feature_map_of,
    new_object_of,
    opened_by,
    start_of,
)
from processor_orchestrator.tracking.objects import CaseState, TrackedObject
from processor_orchestrator.tracking.roster import PeerId, Roster, Wishes

MAX_OBJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and who gets it; a droppable one loses its worth when a newer one comes."""

    peers: tuple[PeerId, ...]
    message: Message
    droppable: bool = False


class Tracking:
    """The sought objects and the conversation about them.

    Args:
        timeout: seconds after which an object is no longer sought.
        objects: what was sought when the process began.
    """

    def __init__(self, *, timeout: float, objects: Iterable[TrackedObject] = ()) -> None:
        self._timeout = timeout
        self.objects = {known.object_id: known for known in objects}
        self.roster = Roster()
        self._encoder_of: dict[int, str] = {}
        self._starter_of: dict[int, PeerId] = {}

    # Decisions: raise or return an event; nothing changes.

    def check_start(self, message: from_client.Start) -> None:
        """Refuse a start that cannot work, before an id is used for it.

        Raises:
            BadInput: neither a box nor a picture is given.
            NotFound: the camera is unknown.
            Unavailable: the camera is offline, or too many objects are sought.
        """
        if len(self.objects) >= MAX_OBJECTS:
            raise Unavailable(f"expected at most {MAX_OBJECTS} sought objects, got one more")
        by_box = message.frame_id is not None and message.box_id is not None
        if message.image is None and not by_box:
            raise BadInput("start: expected frameId with boxId, or image, got neither", code="bad_message")
        key = asked_camera(message)
        if key is None:
            if message.image is None:
                raise BadInput("start: expected cameraId with frameId and boxId, got none", code="bad_message")
            return
        camera = self.roster.cameras.get(key)
        if key in self.roster.elsewhere:
            return
        if camera is None:
            raise NotFound(f"cameraId: expected a known camera, got {key[:128]!r}", code="unknown_camera")
        if camera.peer is None:
            raise Unavailable(f"cameraId: expected a connected camera, got {key[:128]!r}", code="camera_offline")

    def open(self, object_id: int, message: from_client.Start, *, image: bytes | None, now: float) -> ObjectOpened:
        """Return the new object for a start that was checked; `image` is the clean JPEG."""
        return ObjectOpened(opened_by(message, object_id, image=image, now=now, timeout=self._timeout))

    def learn(self, message: FeatureMap) -> FeatureMapLearned:
        """Return what a processor tells about an object.

        Raises:
            NotFound: the object is not sought.
        """
        self._sought(message.object_id)
        return FeatureMapLearned(message.object_id, message.feature_map, message.model_id)

    def stop(self, object_id: int) -> ObjectClosed:
        """Return the end of an object at a client's wish.

        Raises:
            NotFound: the object is not sought.
        """
        self._sought(object_id)
        return ObjectClosed(object_id, Reason.STOPPED, "stopped by a client")

    def fail(self, peer: PeerId, message: Error) -> ObjectClosed | None:
        """Return the end of an object that the asked processor could not make out, or None for any other complaint."""
        sought = self.objects.get(message.object_id) if message.object_id is not None else None
        camera = self.roster.camera_of(peer)
        if sought is None or sought.has_feature_map or camera is None or camera != self._asked_of(sought):
            return None
        return ObjectClosed(sought.object_id, Reason.FAILED, message.message[:500])

    def expired(self, *, now: float) -> list[ObjectClosed]:
        """Return the ends of the objects whose time is over."""
        over = (known.object_id for known in self.objects.values() if known.expires_at <= now)
        return [ObjectClosed(object_id, Reason.EXPIRED, "sought for long enough") for object_id in over]

    # Changes: take a stored event and return what has to be sent.

    def apply(self, event: Event) -> list[Delivery]:
        """Take up what was stored and return what has to be sent."""
        match event:
            case ObjectOpened(opened):
                self.objects[opened.object_id] = opened
                asked = [] if opened.made_from_photos else self._ask_for_feature_map(opened)
                return [*asked, self._image_told(opened)]
            case FeatureMapLearned(object_id):
                known = self.objects[object_id] = learned(self.objects[object_id], event)
                self._encoder_of.pop(object_id, None)
                return [Delivery(tuple(self.roster.online().values()), feature_map_of(known))]
            case ReferencesLearned() | NegativesLearned():
                return self._learn(event)
            case SightingRejected():
                return []
            case ObjectClosed():
                return self._close(event)

    def _learn(self, event: ReferencesLearned | NegativesLearned) -> list[Delivery]:
        before = self.objects.get(event.object_id)
        late = isinstance(event, ReferencesLearned) and before is not None and before.state is not CaseState.ENCODING
        if before is None or late or (known := learned(before, event)) == before:
            return []
        self.objects[event.object_id] = known
        if isinstance(event, NegativesLearned):
            return [Delivery(self.roster.told_cases(self.roster.online()), case_of(known))]
        return self._tell_case(known, self.roster.online()) if known.state is CaseState.OPEN else []

    def opened_elsewhere(self, opened: TrackedObject) -> list[Delivery]:
        """Take up what another orchestrator stored; a picture for any camera is encoded there, if it has a camera."""
        self.objects[opened.object_id] = opened
        told = [self._image_told(opened)]
        if opened.has_feature_map:
            return [*self._tell_case(opened, self.roster.online()), *told]
        if not opened.made_from_photos and (opened.camera is not None or not self.roster.elsewhere):
            told = [*self._ask_for_feature_map(opened), *told]
        return told

    def _close(self, event: ObjectClosed) -> list[Delivery]:
        del self.objects[event.object_id]
        self._encoder_of.pop(event.object_id, None)
        starter = self._starter_of.pop(event.object_id, None)
        stop = Stop(object_id=event.object_id)
        told = [
            Delivery(tuple(self.roster.online().values()), stop),
            Delivery(self.roster.clients_that_want("images"), stop),
        ]
        if event.reason is Reason.FAILED and starter in self.roster.clients:
            failed = Error(code="start_failed", message=event.text, reply_to="start", object_id=event.object_id)
            told.append(Delivery((starter,), failed))
        return told

    # Peers come and go: nothing to store.

    def processor_joined(
        self,
        peer: PeerId,
        camera_id: str | int,
        subject: str | None,
        *,
        now: float,
        features: Collection[str] = (),
    ) -> tuple[PeerId | None, list[Delivery]]:
        """Register a processor; returns the peer it replaced and what has to be sent.

        Raises:
            Conflict: another subject speaks for the camera.
        """
        former, key = self.roster.camera_of(peer), camera_key(camera_id)
        replaced = self.roster.register(peer, camera_id, subject, now=now, features=features)
        self._encoder_of = {asked: camera for asked, camera in self._encoder_of.items() if camera not in (former, key)}
        told = [line for known in self.objects.values() for line in self._tell_case(known, {key: peer})]
        for known in self.objects.values():
            if not (known.has_feature_map or known.made_from_photos) and self._asked_of(known) in (None, key):
                told.extend(self._ask_for_feature_map(known))
        return replaced, [*told, self.cameras_told()]

    def processor_left(self, peer: PeerId, *, now: float) -> list[Delivery]:
        """Forget a processor's socket; another one is asked for the pictures that it had to encode."""
        key = self.roster.leave(peer, now=now)
        if key is None:
            return []
        orphaned = [object_id for object_id, encoder in self._encoder_of.items() if encoder == key]
        told = []
        for object_id in orphaned:
            del self._encoder_of[object_id]
            told.extend(self._ask_for_feature_map(self.objects[object_id]))
        return [*told, self.cameras_told()]

    def client_joined(self, peer: PeerId) -> None:
        """Tell boxes to this client from now on."""
        self.roster.clients[peer] = Wishes()

    def started_by(self, peer: PeerId, object_id: int) -> None:
        """Note which client is told when an object cannot be made out."""
        self._starter_of[object_id] = peer

    def client_left(self, peer: PeerId) -> None:
        """Forget a client; what it started goes on."""
        self.roster.clients.pop(peer, None)

    def uses_images(self, peer: PeerId, *, wanted: bool) -> list[Delivery]:
        """Note the wish and return every current object that has an image."""
        self.roster.clients[peer].images = wanted
        shown = (known for known in self.objects.values() if known.image is not None) if wanted else ()
        return [Delivery((peer,), new_object_of(known)) for known in shown]

    def subscribed(self, peer: PeerId, message: from_client.Subscribe) -> list[Delivery]:
        """Note the wishes and return the cameras when they are among them."""
        wishes = self.roster.clients[peer]
        wishes.sightings, wishes.cameras = message.sightings, message.cameras
        return [replace(self.cameras_told(), peers=(peer,))] if message.cameras else []

    def boxes(self, peer: PeerId, message: from_processor.BoundingBoxes) -> Delivery:
        """Return the boxes for every client.

        Raises:
            Conflict: the socket has not said which camera it speaks for.
        """
        camera_id = self.camera_id_of(peer)
        told = to_client.BoundingBoxes(camera_id=camera_id, frame_id=message.frame_id, boxes=message.boxes)
        return Delivery(tuple(self.roster.clients), told, droppable=True)

    def camera_id_of(self, peer: PeerId) -> str | int:
        """Return the camera id that a processor's socket speaks for, in the form in which it came.

        Raises:
            Conflict: it has not sent `identifier`, or a newer socket speaks for the camera now.
        """
        key = self.roster.camera_of(peer)
        if key is None:
            raise Conflict("expected 'identifier' first, got none that still holds", code="not_identified")
        return self.roster.cameras[key].camera_id

    def cameras_told(self) -> Delivery:
        """Return the list of cameras for the clients that want it."""
        return Delivery(self.roster.clients_that_want("cameras"), to_client.Cameras(cameras=self.roster.views()))

    def _sought(self, object_id: int) -> TrackedObject:
        known = self.objects.get(object_id)
        if known is None:
            raise NotFound(f"objectId: expected a tracked object, got {object_id}", code="unknown_object")
        return known

    def _asked_of(self, sought: TrackedObject) -> str | None:
        """Return the camera that is or was asked to make the feature map; None while there was none to ask."""
        return sought.camera or self._encoder_of.get(sought.object_id)

    def _ask_for_feature_map(self, sought: TrackedObject) -> list[Delivery]:
        online = self.roster.online()
        key = sought.camera
        if key is None:
            busy = list(self._encoder_of.values())
            key = min(online, key=lambda camera: (busy.count(camera), camera), default=None)
            if key is None:
                return []
            self._encoder_of[sought.object_id] = key
        peer = online.get(key)
        if peer is None:
            return []
        return [Delivery((peer,), start_of(sought))]

    def _tell_case(self, known: TrackedObject, cameras: dict[str, PeerId]) -> list[Delivery]:
        """Return what processors have to know of a case; `case` goes to those only that said they understand it."""
        told = [Delivery(tuple(cameras.values()), feature_map_of(known))]
        if known.made_from_photos or known.negatives:
            told.insert(0, Delivery(self.roster.told_cases(cameras), case_of(known)))
        return told

    def _image_told(self, opened: TrackedObject) -> Delivery:
        return Delivery(self.roster.clients_that_want("images"), new_object_of(opened))
