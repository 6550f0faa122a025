"""What the orchestrator told, and what of it may be told by MQTT: nothing of a case that did not opt in. Sends nothing.

Everything retained follows from the state at one moment (`retained`), so that it can be told again at any time, and
what is no longer in it is known to be cleared.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backbone.wire.values import CameraView, SightingView, camera_key
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.discovery import configurations

SEEN_SECONDS = 30.0
"""So long after a sighting somebody counts as seen."""
AWAY_SECONDS = 5.0
"""So long the orchestrator may be away before cameras' states are unknown; it may only restart."""
SIGHTING_EVERY_SECONDS = 5.0
"""A visit is told when it begins, and then not more often than this while it lasts."""
MOST_VISITS = 1_000
MOST_CAMERAS = 2_000


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that opted in to MQTT; `crops`: to pictures as well."""

    object_id: int
    name: str
    crops: bool


@dataclass(slots=True)
class _LastSeen:
    at: float
    camera: str | int
    distance: float | None
    sighting: str


@dataclass(slots=True)
class _Snapshot:
    object_id: int
    sighting: str
    at: float
    jpeg: bytes


class FleetView:
    """The state at one moment; every method takes the time in seconds since the epoch.

    Args:
        prefix: topic under which Home Assistant looks.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._cameras: dict[str, CameraView] = {}
        self._cases: dict[int, OpenCase] = {}
        self._last_seen: dict[int, _LastSeen] = {}
        self._snapshots: dict[str, _Snapshot] = {}
        self._visits: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._away_since: float | None = 0.0
        self.complete = False
        """Whether cameras and cases were told once: before that, nothing that is kept may be cleared."""

    def connected(self) -> None:
        """The orchestrator is there."""
        self._away_since = None

    def away(self, now: float) -> None:
        """The orchestrator is not there."""
        self._away_since = now if self._away_since is None else self._away_since

    def heard_cameras(self, cameras: list[CameraView]) -> None:
        """Take all cameras."""
        self._cameras = {camera_key(camera.camera_id): camera for camera in cameras[:MOST_CAMERAS]}

    def heard_cases(self, cases: list[OpenCase]) -> None:
        """Take all cases that opted in; what others may not have told any more is forgotten."""
        self._cases = {case.object_id: case for case in cases}
        self._last_seen = {key: seen for key, seen in self._last_seen.items() if key in self._cases}
        self._snapshots = {key: shot for key, shot in self._snapshots.items() if self._allows_crops(shot.object_id)}
        self.complete = True

    def heard_sighting(self, sighting: SightingView, now: float) -> dict[str, Any] | None:
        """Take a sighting; return what is to be told of it now, None: nothing. Any: JSON values."""
        case = self._cases.get(sighting.object_id)
        if case is None:
            return None
        if sighting.rejected:
            self._forget(sighting)
        else:
            known = self._last_seen.get(sighting.object_id)
            if known is None or sighting.last_seen >= known.at:
                self._last_seen[sighting.object_id] = _LastSeen(
                    sighting.last_seen, sighting.camera_id, sighting.distance, sighting.sighting_id
                )
        told = self._visits.get(sighting.sighting_id)
        if told is not None and told[1] == sighting.rejected and now - told[0] < SIGHTING_EVERY_SECONDS:
            return None
        self._visits[sighting.sighting_id] = (now, sighting.rejected)
        self._visits.move_to_end(sighting.sighting_id)
        while len(self._visits) > MOST_VISITS:
            self._visits.popitem(last=False)
        return _event(sighting, case)

    def _forget(self, sighting: SightingView) -> None:
        """Take back what a person rejected: it showed somebody else."""
        seen = self._last_seen.get(sighting.object_id)
        if seen is not None and seen.sighting == sighting.sighting_id:
            del self._last_seen[sighting.object_id]
        self._snapshots = {k: shot for k, shot in self._snapshots.items() if shot.sighting != sighting.sighting_id}

    def wants_crop(self, sighting: SightingView) -> bool:
        """Return whether the sighting's picture may be told and is newer than what is told."""
        key = camera_key(sighting.camera_id)
        known = self._snapshots.get(key)
        allowed = (
            key in self._cameras
            and sighting.has_crop
            and not sighting.rejected
            and self._allows_crops(sighting.object_id)
        )
        return allowed and (known is None or sighting.last_seen > known.at)

    def heard_crop(self, sighting: SightingView, jpeg: bytes) -> None:
        """Take a sighting's picture; it is told where its camera is."""
        if self.wants_crop(sighting):
            shot = _Snapshot(sighting.object_id, sighting.sighting_id, sighting.last_seen, jpeg)
            self._snapshots[camera_key(sighting.camera_id)] = shot

    def _allows_crops(self, object_id: int) -> bool:
        case = self._cases.get(object_id)
        return case is not None and case.crops

    def retained(self, now: float) -> dict[str, bytes]:
        """Return everything that the broker shall keep, by topic; before all is known, only that."""
        reachable = self._away_since is None or now - self._away_since < AWAY_SECONDS
        if not self.complete:
            return {topics.FLEET: _json(self._fleet(reachable=reachable))}
        cameras = {key: camera.camera_id for key, camera in self._cameras.items()}
        names = {case.object_id: case.name for case in self._cases.values()}
        told = {topic: _json(c) for topic, c in configurations(self._prefix, cameras, names).items()}
        for camera in self._cameras.values():
            state = camera.state if reachable else "unknown"
            view = {"cameraId": camera.camera_id, "state": state, "since": _time(camera.since)}
            told[topics.camera_state(camera.camera_id)] = _json(view)
        for key, shot in self._snapshots.items():
            if key in cameras:
                told[topics.camera_snapshot(cameras[key])] = shot.jpeg
        for case in self._cases.values():
            told[topics.case_state(case.object_id)] = _json(self._case_view(case, now))
        told[topics.FLEET] = _json(self._fleet(reachable=reachable))
        return told

    def _case_view(self, case: OpenCase, now: float) -> dict[str, Any]:
        seen = self._last_seen.get(case.object_id)
        view: dict[str, Any] = {"objectId": case.object_id, "name": case.name, "seen": "OFF", "lastSeen": None}
        if seen is None:
            return view
        view["seen"] = "ON" if now - seen.at < SEEN_SECONDS else "OFF"
        return view | {"lastSeen": _time(seen.at), "cameraId": seen.camera, "distance": seen.distance}

    def _fleet(self, *, reachable: bool) -> dict[str, Any]:
        online = sum(camera.state == "online" for camera in self._cameras.values()) if reachable else 0
        return {
            "orchestrator": "online" if reachable else "offline",
            "cameras": len(self._cameras),
            "camerasOnline": online,
        }


def _event(sighting: SightingView, case: OpenCase) -> dict[str, Any]:
    """Return what is told of a sighting: where and when, never a picture or a face's numbers."""
    return {
        "sightingId": sighting.sighting_id,
        "objectId": sighting.object_id,
        "name": case.name,
        "cameraId": sighting.camera_id,
        "firstSeen": _time(sighting.first_seen),
        "lastSeen": _time(sighting.last_seen),
        "distance": sighting.distance,
        "source": sighting.source or "camera",
        "rejected": sighting.rejected,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _time(seconds: float) -> str:
    """Return a time in ISO 8601 with its zone; Home Assistant takes no other."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
