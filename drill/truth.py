"""What is really in the sample footage, and how well predictions agree with it; it reads no video.

The score is IDF1 with IDP and IDR: Ristani, Solera, Zou, Cucchiara and Tomasi 2016, "Performance Measures and a Data
Set for Multi-Target, Multi-Camera Tracking", section 3, equations 5 to 9.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camera_processor.domain.tracking.assignment import assign

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class TrueFace:
    """A face in a frame.

    Attributes:
        person: a name of `Truth.people`.
        box: xyxy pixels, may cross the border.
        visible: share of the face, 0..1, that is neither hidden nor out of the picture.
        detectable: visible, large and upright enough that a detector has to find it.
    """

    person: str
    box: Box
    visible: float
    detectable: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth of one clip; `frames[i]` are the faces in frame i, `people` name to source picture."""

    camera: str
    fps: float
    width: int
    height: int
    people: Mapping[str, str]
    frames: tuple[tuple[TrueFace, ...], ...]


@dataclass(frozen=True, slots=True)
class IdentityScores:
    """IDF1, IDP and IDR, 0..1, and the counts of boxes behind them."""

    idf1: float
    idp: float
    idr: float
    true_positives: int
    false_positives: int
    false_negatives: int


def dump_truth(truth: Truth) -> str:
    """Return the ground truth as JSON text."""
    frames = [
        {"frame": index, "faces": [_face_as_json(face) for face in faces]} for index, faces in enumerate(truth.frames)
    ]
    head = {"camera": truth.camera, "fps": truth.fps, "frames": len(truth.frames)}
    size = {"width": truth.width, "height": truth.height}
    return json.dumps(head | size | {"people": dict(truth.people), "truth": frames}, indent=1)


def load_truth(path: Path) -> Truth:
    """Read the ground truth that lies beside a clip.

    Raises:
        ValueError: the file is not a ground truth; the text names what is missing.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        frames = tuple(tuple(_face_from_json(face) for face in frame["faces"]) for frame in content["truth"])
        camera, people = content["camera"], dict(content["people"])
        return Truth(camera, float(content["fps"]), int(content["width"]), int(content["height"]), people, frames)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: expected a ground truth, got {type(error).__name__}: {error}") from error


def iou(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes xyxy, 0..1."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high / (areas - wide * high)


def identity_scores(
    truth: Sequence[Truth],
    predictions: Sequence[Sequence[Sequence[tuple[Box, Hashable | None]]]],
    *,
    least_iou: float = 0.5,
    least_visible: float = 0.0,
) -> IdentityScores:
    """Score predicted identities against the true ones over all clips together.

    One predicted identity stands for one true person over all clips: the one-to-one pairing with the most agreeing
    boxes counts, found exactly. A box whose identity is None agrees with nobody and counts as a false positive.

    Args:
        truth: one ground truth per clip.
        predictions: per clip, per frame, boxes xyxy in pixels with their identity; as many frames as the truth has.
        least_iou: boxes that overlap less than this do not agree.
        least_visible: true faces that are less visible are left out; a prediction that overlaps one of them, and
            no counted face, is left out as well.

    Raises:
        ValueError: the predictions have another number of clips or frames than the truth.
    """
    agreeing: Counter[tuple[str, Hashable]] = Counter()
    true_boxes = predicted_boxes = 0
    for clip, clip_predictions in zip(truth, predictions, strict=True):
        for faces, boxes in zip(clip.frames, clip_predictions, strict=True):
            counted = [face for face in faces if face.visible >= least_visible]
            ignored = [face for face in faces if face.visible < least_visible]
            kept = [one for one in boxes if not _only_on_ignored(one[0], counted, ignored, least_iou)]
            true_boxes += len(counted)
            predicted_boxes += len(kept)
            agreeing.update(_agreements(counted, kept, least_iou))
    return _scores(_most_agreeing(agreeing), true_boxes, predicted_boxes)


def _agreements(
    faces: Sequence[TrueFace], boxes: Sequence[tuple[Box, Hashable | None]], least_iou: float
) -> set[tuple[str, Hashable]]:
    """Return who agrees with whom in a frame; a set, for a person in a frame can be right only once."""
    return {
        (face.person, identity)
        for face in faces
        for box, identity in boxes
        if identity is not None and iou(face.box, box) >= least_iou
    }


def _only_on_ignored(box: Box, counted: Sequence[TrueFace], ignored: Sequence[TrueFace], least_iou: float) -> bool:
    def overlaps(faces: Sequence[TrueFace]) -> bool:
        return any(iou(face.box, box) >= least_iou for face in faces)

    return overlaps(ignored) and not overlaps(counted)


def _most_agreeing(agreeing: Counter[tuple[str, Hashable]]) -> int:
    """Return how many boxes agree under the best one-to-one pairing of persons and identities."""
    persons = list(dict.fromkeys(person for person, _ in agreeing))
    identities = list(dict.fromkeys(identity for _, identity in agreeing))
    table = np.zeros((len(persons), len(identities)))
    for (person, identity), count in agreeing.items():
        table[persons.index(person), identities.index(identity)] = count
    return int(sum(table[row, column] for row, column in assign(-table)))


def _scores(agreed: int, true_boxes: int, predicted_boxes: int) -> IdentityScores:
    both = true_boxes + predicted_boxes
    return IdentityScores(
        idf1=2 * agreed / both if both else 1.0,
        idp=agreed / predicted_boxes if predicted_boxes else 1.0,
        idr=agreed / true_boxes if true_boxes else 1.0,
        true_positives=agreed,
        false_positives=predicted_boxes - agreed,
        false_negatives=true_boxes - agreed,
    )


def _face_as_json(face: TrueFace) -> dict[str, object]:
    box = [round(edge, 2) for edge in face.box]
    return {"person": face.person, "box": box, "visible": face.visible, "detectable": face.detectable}


def _face_from_json(face: Mapping[str, object]) -> TrueFace:
    x1, y1, x2, y2 = (float(edge) for edge in face["box"])  # type: ignore[attr-defined]  # checked by the unpacking
    return TrueFace(str(face["person"]), (x1, y1, x2, y2), float(str(face["visible"])), bool(face["detectable"]))
