"""Cases out of what clients say, and as peers are told them. Decides nothing."""

import base64

from backbone.errors import BadInput
from backbone.wire import from_client, to_client, to_processor
from backbone.wire.shared import FeatureMap
from backbone.wire.values import camera_key
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.likeness import Likeness


def check_start(message: from_client.Start) -> None:
    """Refuse a start that names nobody.

    Raises:
        BadInput: neither a box of a camera nor a picture is given.
    """
    by_box = message.frame_id is not None and message.box_id is not None
    if message.image is None and not by_box:
        raise BadInput("start: expected frameId with boxId, or image, got neither", code="bad_message")
    if message.image is None and asked_camera(message) is None:
        raise BadInput("start: expected cameraId with frameId and boxId, got none", code="bad_message")


def started(message: from_client.Start, case_id: int, *, image: bytes | None, now: float, timeout: float) -> Case:
    """Return the case that a client's start, already checked, begins; `image` is the clean JPEG."""
    return Case(
        case_id=case_id,
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


def start_of(case: Case) -> to_processor.Start:
    """Return what asks a processor to make the feature map of a case."""
    image = _base64(case.image)
    return to_processor.Start(object_id=case.case_id, frame_id=case.frame_id, box_id=case.box_id, image=image)


def feature_map_of(case: Case, likeness: Likeness) -> FeatureMap:
    """Return what a sought person looks like, as processors of one model are told it."""
    if not likeness.has_map:
        return FeatureMap(object_id=case.case_id, feature_map={})
    return FeatureMap(object_id=case.case_id, feature_map=likeness.feature_map, model_id=likeness.model_id)


def case_of(case: Case, likeness: Likeness, *, threshold: float | None) -> to_processor.Case:
    """Return what a case asks beside its feature map, as processors of one model are told it."""
    return to_processor.Case(
        object_id=case.case_id,
        name=case.name,
        threshold=threshold,
        expires_at=case.expires_at,
        negatives=likeness.negatives or None,
        model_id=likeness.model_id if likeness.negatives else None,
    )


def new_object_of(case: Case) -> to_client.NewObject:
    """Return a case as clients that use images are told it."""
    return to_client.NewObject(object_id=case.case_id, image=_base64(case.image))


def _base64(image: bytes | None) -> str | None:
    return None if image is None else base64.b64encode(image).decode()
