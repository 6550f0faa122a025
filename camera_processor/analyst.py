"""One turn of the worker thread: carry out commands, look at a frame, make the JPEGs that are wanted. Never waits."""

import base64
import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from backbone.wire.from_processor import BoundingBoxes
from backbone.wire.shared import Error, FeatureMap
from backbone.wire.values import RawBox
from camera_processor.domain.commands import Command, Forget, ForgetAllBut, Judge, Learn, SeekBox, SeekPicture
from camera_processor.domain.feature_maps import BadModel
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import NoFace, Pipeline, UnknownBox
from camera_processor.domain.results import FrameResult, TrackedBox
from camera_processor.pictures_cv2 import crop_jpeg, jpeg_of, overlay, picture_of
from faces import BadEmbedding

Answer = FeatureMap | Error


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which JPEGs somebody watches: with boxes drawn in, and plain at most so many pixels wide."""

    overlay: bool = False
    plain_width: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn brought.

    Attributes:
        answers: to commands.
        boxes: of the frame; None when there was no frame.
        identified: how many of the boxes carry an object.
        overlay: JPEG with the boxes drawn in, when it was wanted.
        plain: JPEG of the frame, when it was wanted.
        result: what the pipeline said.
        seconds: how long the pipeline took.
    """

    answers: tuple[Answer, ...] = ()
    boxes: BoundingBoxes | None = None
    identified: int = 0
    overlay: bytes | None = None
    plain: bytes | None = None
    result: FrameResult | None = None
    seconds: float = 0.0


class Analyst:
    """Owns the pipeline; belongs to one worker thread.

    Args:
        pipeline: of one camera.
        model_id: of the engine inside the pipeline.
    """

    def __init__(self, pipeline: Pipeline, *, model_id: str) -> None:
        self._pipeline = pipeline
        self._model_id = model_id
        self._sought: set[int] = set()

    def turn(self, frame: Frame | None, commands: Iterable[Command], wanted: Wanted) -> Turn:
        """Carry out the commands, then look at the frame if there is one."""
        answers = tuple(answer for command in commands if (answer := self._carry_out(command)) is not None)
        if frame is None:
            return Turn(answers)
        began = time.perf_counter()
        result = self._pipeline.process(frame, frame.grabbed_at)
        seconds = time.perf_counter() - began
        if result.detected:
            self._pipeline.spent(seconds)
        return Turn(
            answers,
            boxes=BoundingBoxes(frame_id=frame.frame_id, boxes=[_raw_box(box) for box in result.boxes]),
            identified=sum(box.object_id is not None for box in result.boxes),
            overlay=jpeg_of(overlay(frame.image, result.boxes)) if wanted.overlay else None,
            plain=jpeg_of(frame.image, width=wanted.plain_width) if wanted.plain_width is not None else None,
            result=result,
            seconds=seconds,
        )

    def _carry_out(self, command: Command) -> Answer | None:
        match command:
            case SeekPicture(object_id, jpeg):
                return self._seek_picture(object_id, jpeg)
            case SeekBox(object_id, box_id):
                return self._seek_box(object_id, box_id)
            case Learn():
                return self._learn(command)
            case Judge(object_id, threshold, negatives, model_id):
                known = negatives if model_id == self._model_id else ()
                self._pipeline.judge(object_id, threshold, negatives=known)
            case Forget(object_id):
                self._forget({object_id})
            case ForgetAllBut(object_ids):
                self._forget(self._sought - object_ids)
        return None

    def _seek_picture(self, object_id: int, jpeg: bytes) -> Answer:
        try:
            embedding = self._pipeline.embed_photo(picture_of(jpeg))
        except NoFace as fault:
            return _failed("no_face", str(fault), object_id)
        return self._feature_map(object_id, embedding.tolist())

    def _seek_box(self, object_id: int, box_id: int) -> Answer:
        try:
            embedding = self._pipeline.start_from_box(box_id, object_id)
        except UnknownBox as fault:
            return _failed("unknown_box", str(fault), object_id)
        self._sought.add(object_id)
        return self._feature_map(object_id, embedding.tolist())

    def _learn(self, command: Learn) -> Answer | None:
        if command.feature_map in ({}, None):  # the object is sought, but nobody has made it out yet
            return None
        try:
            rows = msgspec.convert(command.feature_map, list[float | list[float]])
            self._pipeline.learn(command.object_id, rows, command.model_id)
        except (msgspec.ValidationError, BadModel, BadEmbedding, ValueError) as fault:
            return _failed("bad_feature_map", str(fault), command.object_id, reply_to="featureMap")
        self._sought.add(command.object_id)
        return None

    def _forget(self, object_ids: set[int]) -> None:
        for object_id in object_ids:
            self._pipeline.forget(object_id)
        self._sought -= object_ids

    def _feature_map(self, object_id: int, embedding: list[float]) -> FeatureMap:
        return FeatureMap(object_id=object_id, feature_map=embedding, model_id=self._model_id)


def _failed(code: str, text: str, object_id: int, *, reply_to: str = "start") -> Error:
    return Error(code=code, message=text, reply_to=reply_to, object_id=object_id)


def _raw_box(box: TrackedBox) -> RawBox:
    """Return a box as it goes over the wire; shares of the picture are rounded to a tenth of a thousandth."""
    raw: RawBox = {
        "boxId": box.box_id,
        "rect": [round(value, 4) for value in box.rect],
        "objectType": "face",
        "certainty": round(box.certainty, 3),
    }
    if box.object_id is not None:
        raw["objectId"] = box.object_id
        if box.distance is not None:
            raw["distance"] = round(box.distance, 4)
    if box.crop is not None:
        raw["crop"] = base64.b64encode(crop_jpeg(box.crop)).decode()
    return raw
