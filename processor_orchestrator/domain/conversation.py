"""Decides who has to be told what about the open cases. No I/O, no clock: feed it and send what it returns."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from backbone.errors import NotFound, Unavailable
from backbone.wire import from_client, to_client
from backbone.wire.shared import Error, Stop
from backbone.wire.values import Message, camera_key
from processor_orchestrator.domain.camera import CameraElsewhere, Cameras, PeerId
from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.domain.case_events import CaseClosed, Reason
from processor_orchestrator.domain.case_messages import asked_camera, case_of, feature_map_of, new_object_of, start_of
from processor_orchestrator.domain.client import Clients
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and who gets it."""

    peers: tuple[PeerId, ...]
    message: Message


class Conversation:
    """The connected cameras and clients, and what they are told of the cases.

    Args:
        cases: the open ones, read only.
        thresholds: how near a face must be to show one of them.
    """

    def __init__(self, cases: OpenCases, *, thresholds: Thresholds) -> None:
        self._cases = cases
        self._thresholds = thresholds
        self._shared_by = thresholds.shared_by
        self.cameras = Cameras()
        self.clients = Clients()
        self._encoder_of: dict[int, str] = {}
        self._starter_of: dict[int, PeerId] = {}

    # What clients want.

    def check_camera(self, message: from_client.Start) -> None:
        """Refuse a start at a camera that cannot be asked.

        Raises:
            NotFound: the camera is unknown.
            Unavailable: the camera is offline.
        """
        key = asked_camera(message)
        if key is None or self.cameras.is_elsewhere(key):
            return
        camera = self.cameras.get(key)
        if camera is None:
            raise NotFound(f"cameraId: expected a known camera, got {key[:128]!r}", code="unknown_camera")
        if camera.peer is None:
            raise Unavailable(f"cameraId: expected a connected camera, got {key[:128]!r}", code="camera_offline")

    def started_by(self, peer: PeerId, case_id: int) -> None:
        """Note which client is told when a camera cannot make out whom it started to seek."""
        self._starter_of[case_id] = peer

    def uses_images(self, peer: PeerId, *, wanted: bool) -> list[Delivery]:
        """Note the wish and return every open case that has an image."""
        self.clients.want(peer, images=wanted)
        shown = (case for case in self._cases if case.image is not None) if wanted else ()
        return [Delivery((peer,), new_object_of(case)) for case in shown]

    def subscribed(self, peer: PeerId, message: from_client.Subscribe) -> list[Delivery]:
        """Note the wishes and return the cameras when they are among them."""
        self.clients.want(peer, sightings=message.sightings, cameras=message.cameras)
        return [replace(self.cameras_told(), peers=(peer,))] if message.cameras else []

    # What processors are to do.

    def processor_joined(
        self,
        peer: PeerId,
        camera_id: str | int,
        subject: str | None,
        *,
        now: float,
        features: Collection[str] = (),
        model: str | None = None,
    ) -> tuple[PeerId | None, list[Delivery]]:
        """Register a processor; returns the peer it replaced and what has to be sent.

        Raises:
            Conflict: another subject speaks for the camera.
        """
        former, key = self.cameras.camera_of(peer), camera_key(camera_id)
        replaced = self.cameras.register(peer, camera_id, subject, now=now, features=features, model=model)
        self._encoder_of = {asked: camera for asked, camera in self._encoder_of.items() if camera not in (former, key)}
        told = [line for case in self._cases for line in self._tell_case(case, {key: peer})]
        for case in self._cases:
            if not (case.has_feature_map or case.made_from_photos) and self._asked_of(case) in (None, key):
                told.extend(self._ask_for_feature_map(case))
        return replaced, [*told, self.cameras_told()]

    def processor_told_map(self, peer: PeerId, model: str) -> list[Delivery]:
        """Note the model of a map that a processor made; returns what it has to be told now that its model is known."""
        before = self.cameras.note_model(peer, model)
        if before is None:
            return []
        key = camera_key(before.camera_id)
        news = (case for case in self._cases if case.knows(model) and case.likeness_for(before.hears).model != model)
        return [line for case in news for line in self._tell_case(case, {key: peer})]

    def encoder_for(self, model: str, *, not_these: Collection[str] = ()) -> str | None:
        """Return a camera whose processor can make a map of a model out of a picture; None while none is here."""
        return min((key for key in self.cameras.of_model(model) if key not in not_these), default=None)

    def processor_left(self, peer: PeerId, *, now: float) -> list[Delivery]:
        """Forget a processor's socket; another one is asked for the pictures that it had to encode."""
        key = self.cameras.leave(peer, now=now)
        if key is None:
            return []
        orphaned = [case_id for case_id, encoder in self._encoder_of.items() if encoder == key]
        told = []
        for case_id in orphaned:
            del self._encoder_of[case_id]
            case = self._cases.get(case_id)
            told.extend([] if case is None else self._ask_for_feature_map(case))
        return [*told, self.cameras_told()]

    def cameras_met(self, elsewhere: Mapping[str, CameraElsewhere]) -> tuple[list[PeerId], list[Delivery]]:
        """Take which cameras the other orchestrators hold; returns the peers that have to go, and what is to be sent.

        The newest socket of a camera wins, wherever it is.
        """
        changed, outdated = self.cameras.meet(elsewhere)
        return outdated, [self.cameras_told()] if changed else []

    def is_asked(self, peer: PeerId, case: Case) -> bool:
        """Return whether a processor was asked to make the feature map of a case, and has not."""
        camera = self.cameras.camera_of(peer)
        return camera is not None and not case.has_feature_map and camera == self._asked_of(case)

    # What happened to the cases.

    def opened(self, case: Case, *, elsewhere: bool = False) -> list[Delivery]:
        """Return what has to be sent for a new case.

        Args:
            elsewhere: another orchestrator opened it; a picture for any camera is encoded there, if it has a camera.
        """
        told = self._tell_thresholds(but=case.case_id)
        if elsewhere and case.has_feature_map:
            told.extend(self._tell_case(case, self.cameras.online()))
        asks = not (case.has_feature_map or case.made_from_photos)
        if asks and not (elsewhere and case.camera is None and self.cameras.any_elsewhere):
            told.extend(self._ask_for_feature_map(case))
        return [*told, Delivery(self.clients.for_images, new_object_of(case))]

    def feature_map_learned(self, case: Case, model: str) -> list[Delivery]:
        """Return a new feature map for every processor of its model, its maker included."""
        self._encoder_of.pop(case.case_id, None)
        likeness, peers = case.likeness(model) or Likeness(model or None), self._told_of(case, model)
        told = Delivery(tuple(peers.values()), feature_map_of(case, likeness))
        return [*self._tell_asked(case, likeness, peers), told]

    def references_learned(self, case: Case) -> list[Delivery]:
        """Return what workers made of a case's photos, for every processor."""
        return self._tell_case(case, self.cameras.online()) if case.state is CaseState.OPEN else []

    def negatives_learned(self, case: Case, model: str) -> list[Delivery]:
        """Return whom a case does not mean, for the processors of that model that understand it."""
        likeness, peers = case.likeness(model), self._told_of(case, model)
        return [] if likeness is None else self._tell_asked(case, likeness, peers)

    def _told_of(self, case: Case, model: str) -> dict[str, PeerId]:
        """Return the cameras here whose processors are told what a model knows of a case."""
        groups = self.cameras.by_model(self.cameras.online()).items()
        told = {key for of, cameras in groups if case.likeness_for(of).model == model for key in cameras}
        return {key: peer for key, peer in self.cameras.online().items() if key in told}

    def closed(self, event: CaseClosed) -> list[Delivery]:
        """Return what has to be sent when a case ends."""
        self._encoder_of.pop(event.case_id, None)
        starter = self._starter_of.pop(event.case_id, None)
        stop = Stop(object_id=event.case_id)
        told = [Delivery(tuple(self.cameras.online().values()), stop), Delivery(self.clients.for_images, stop)]
        told.extend(self._tell_thresholds())
        if event.reason is Reason.FAILED and starter is not None and starter in self.clients:
            failed = Error(code="start_failed", message=event.text, reply_to="start", object_id=event.case_id)
            told.append(Delivery((starter,), failed))
        return told

    def cameras_told(self) -> Delivery:
        """Return the list of cameras for the clients that want it."""
        return Delivery(self.clients.for_cameras, to_client.Cameras(cameras=self.cameras.views()))

    def _asked_of(self, case: Case) -> str | None:
        """Return the camera that is or was asked to make the feature map; None while there was none to ask."""
        return case.camera or self._encoder_of.get(case.case_id)

    def _ask_for_feature_map(self, case: Case) -> list[Delivery]:
        online = self.cameras.online()
        key = case.camera
        if key is None:
            busy = list(self._encoder_of.values())
            key = min(online, key=lambda camera: (busy.count(camera), camera), default=None)
            if key is None:
                return []
            self._encoder_of[case.case_id] = key
        peer = online.get(key)
        return [] if peer is None else [Delivery((peer,), start_of(case))]

    def _tell_case(self, case: Case, cameras: Mapping[str, PeerId]) -> list[Delivery]:
        """Return what processors have to know of a case, each in its own model."""
        told = []
        for model, those in self.cameras.by_model(cameras).items():
            likeness = case.likeness_for(model)
            told.extend(self._tell_asked(case, likeness, those))
            told.append(Delivery(tuple(those.values()), feature_map_of(case, likeness)))
        return told

    def _tell_asked(self, case: Case, likeness: Likeness, cameras: Mapping[str, PeerId]) -> list[Delivery]:
        """Return what a case asks beside its map, for those of these processors of one model that understand it."""
        threshold = self._thresholds.of(case, likeness)
        if threshold is None and not (case.made_from_photos or likeness.negatives):
            return []
        return [Delivery(self.cameras.told_cases(cameras), case_of(case, likeness, threshold=threshold))]

    def _tell_thresholds(self, *, but: int | None = None) -> list[Delivery]:
        """Return what all cases but one ask now, where their share of the budget has changed."""
        before, self._shared_by = self._shared_by, self._thresholds.shared_by
        if before == self._shared_by:
            return []
        told, groups = [], self.cameras.by_model(self.cameras.online()).items()
        for case in (case for case in self._cases if case.threshold is None and case.case_id != but):
            for likeness, those in ((case.likeness_for(model), those) for model, those in groups):
                if likeness.references:
                    told.extend(self._tell_asked(case, likeness, those))
        return told
