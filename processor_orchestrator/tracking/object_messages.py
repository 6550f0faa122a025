"""Sought objects out of what clients say, and as peers are told them. Decides nothing."""

import base64

from backbone.wire import from_client, to_client, to_processor
from backbone.wire.shared import FeatureMap
from backbone.wire.values import camera_key
from processor_orchestrator.tracking.objects import TrackedObject


def opened_by(
    message: from_client.Start, object_id: int, *, image: bytes | None, now: float, timeout: float
) -> TrackedObject:
    """Return the object that a client's start, already checked, begins; `image` is the clean JPEG."""
    return TrackedObject(
        object_id=object_id,
        opened_at=now,
        expires_at=now + timeout,
        name=message.name,
        camera=asked_camera(message),
        frame_id=message.frame_id,
        box_id=message.box_id,
        image=image,
    )


def asked_camera(message: from_client.Start) -> str | None:
    """Return the key of the camera that a start names, or None when any may encode its picture."""
    if message.camera_id is None or message.camera_id == from_client.ANY_CAMERA:
        return None
    return camera_key(message.camera_id)


def start_of(sought: TrackedObject) -> to_processor.Start:
    """Return what asks a processor to make out an object."""
    image = _base64(sought.image)
    return to_processor.Start(object_id=sought.object_id, frame_id=sought.frame_id, box_id=sought.box_id, image=image)


def feature_map_of(known: TrackedObject) -> FeatureMap:
    """Return what an object looks like, as processors are told it."""
    feature_map = known.feature_map if known.has_feature_map else {}
    return FeatureMap(object_id=known.object_id, feature_map=feature_map, model_id=known.model_id)


def case_of(known: TrackedObject) -> to_processor.Case:
    """Return what a case asks beside its feature map."""
    return to_processor.Case(
        object_id=known.object_id,
        name=known.name,
        threshold=known.threshold,
        expires_at=known.expires_at,
        negatives=known.negatives or None,
        model_id=known.model_id if known.negatives else None,
    )


def new_object_of(known: TrackedObject) -> to_client.NewObject:
    """Return an object as clients that use images are told it."""
    return to_client.NewObject(object_id=known.object_id, image=_base64(known.image))


def _base64(image: bytes | None) -> str | None:
    return None if image is None else base64.b64encode(image).decode()
