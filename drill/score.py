"""Scores tracking and re-identification on the sample footage, and says which goal is missed; it tunes nothing.

Every clip runs through a pipeline of its own, as on a camera processor, with the case photo's embedding learnt; once
with every frame and again with frames left out, as a slow machine would.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Pipeline
from camera_processor.domain.results import FrameResult, Picture
from drill.clip_reader import read_clip, read_photo
from drill.footage import Clip, Footage, make_footage
from drill.scenario import SOUGHT
from drill.truth import Box, IdentityScores, TrueFace, Truth, identity_scores, iou, load_truth
from faces import ENGINES, FaceEngine, Gallery, load_engine
from faces.scale import model_scale

OBJECT_ID = 1
LEAST_RIGHT = 0.95
SAME_PLACE = 0.5  # least IoU of a box with the face that it is about

Labelled = tuple[Box, Hashable | None]


@dataclass(frozen=True, slots=True)
class Passage:
    """What a pipeline said about every n-th frame: the truth, and for each (box xyxy pixels, box, object)."""

    truth: Truth
    boxes: tuple[tuple[tuple[Box, int, int | None], ...], ...]
    encoded: int
    every: int = 1


@dataclass(frozen=True, slots=True)
class CameraScore:
    """Frames in which the sought person is detectable, in how many identity was right, and strangers' false ones.

    `waits` are the seconds from when the person could first be detected until the first sighting, one for each camera;
    infinite where there was none.
    """

    detectable: int
    right: int
    strangers: int
    waits: tuple[float, ...] = ()

    def __add__(self, other: CameraScore) -> CameraScore:
        return CameraScore(
            self.detectable + other.detectable,
            self.right + other.right,
            self.strangers + other.strangers,
            self.waits + other.waits,
        )

    @property
    def share_right(self) -> float:
        """0..1; 1 where the sought person is never detectable."""
        return self.right / self.detectable if self.detectable else 1.0

    @property
    def reached(self) -> bool:
        """Whether both goals are reached."""
        return self.share_right >= LEAST_RIGHT and self.strangers == 0


def run_clip(clip: Clip, pipeline: Pipeline, *, every: int = 1) -> Passage:
    """Feed every n-th frame of a clip to a pipeline, in the clip's own time."""
    truth = load_truth(clip.truth)
    boxes, encoded = [], 0
    for number, image in enumerate(islice(read_clip(clip.video), 0, None, every)):
        now = number * every / truth.fps
        result = pipeline.process(Frame(image, now, number + 1, now), now)
        boxes.append(_in_pixels(result, image))
        encoded += result.encoded
    frames = [tuple(_clipped(face, truth) for face in faces) for faces in truth.frames[::every]]
    return Passage(replace(truth, frames=tuple(frames)), tuple(boxes), encoded, every)


def camera_score(passage: Passage) -> CameraScore:
    """Count the frames in which the sought person is right, and the boxes of others that carry the object's id."""
    detectable = right = strangers = 0
    appeared = sighted = math.inf
    seconds = passage.every / passage.truth.fps
    for number, (faces, boxes) in enumerate(zip(passage.truth.frames, passage.boxes, strict=True)):
        carrying = [box for box, _, object_id in boxes if object_id == OBJECT_ID]
        sought = [face for face in faces if face.person == SOUGHT]
        strangers += sum(not _is_about(box, sought, faces) for box in carrying)
        found = any(iou(face.box, box) >= SAME_PLACE for face in sought for box in carrying)
        sighted = min(sighted, number * seconds if found else math.inf)
        if any(face.detectable for face in sought):
            appeared = min(appeared, number * seconds)
            detectable += 1
            right += found
    waits = (max(sighted - appeared, 0.0),) if math.isfinite(appeared) else ()
    return CameraScore(detectable, right, strangers, waits)


def sought_scores(passages: Sequence[Passage]) -> IdentityScores:
    """Return IDF1 of the sought person, one identity over all cameras."""
    truth = [_counting_detectable(passage.truth, only=SOUGHT) for passage in passages]
    said = [
        [[(box, object_id) for box, _, object_id in boxes if object_id is not None] for boxes in passage.boxes]
        for passage in passages
    ]
    return identity_scores(truth, said, least_iou=SAME_PLACE, least_visible=0.5)


def track_scores(passages: Sequence[Passage]) -> IdentityScores:
    """Return IDF1 of all tracks; a person is someone else on another camera, for box ids do not cross cameras."""
    truth = [_counting_detectable(passage.truth, only=None) for passage in passages]
    said: list[list[list[Labelled]]] = [
        [[(box, (passage.truth.camera, box_id)) for box, box_id, _ in boxes] for boxes in passage.boxes]
        for passage in passages
    ]
    return identity_scores(truth, said, least_iou=SAME_PLACE, least_visible=0.5)


def score(footage: Footage, engine: FaceEngine, *, every: int = 1) -> bool:
    """Run and print one pass over all clips; return whether its goals are reached."""
    photo = read_photo(footage.case_photo)
    passages = []
    for clip in footage.clips:
        pipeline = Pipeline(engine, gallery=Gallery(), scale=model_scale(engine.model_id))
        pipeline.learn(OBJECT_ID, pipeline.embed_photo(photo), engine.model_id)
        passages.append(run_clip(clip, pipeline, every=every))
    print(f"{engine.name}, {engine.detector}: " + (f"every frame of {every}" if every > 1 else "every frame"))
    scores = [camera_score(passage) for passage in passages]
    for passage, result in zip(passages, scores, strict=True):
        _print_line(passage.truth.camera, result, [passage])
    overall = sum(scores[1:], scores[0])
    _print_line("overall", overall, passages)
    return overall.reached


def main(arguments: Sequence[str] | None = None) -> int:
    """Score the sample footage; return 0 when every goal is reached, else 1."""
    parser = argparse.ArgumentParser(prog="python -m drill.score", description="Scores identity on the sample footage.")
    parser.add_argument("--data-dir", type=Path, default=Path("var"), help="where the footage is, or is made")
    parser.add_argument("--every", type=int, nargs="+", default=[1, 2, 3], help="take every n-th frame, one pass each")
    parser.add_argument("--engine", choices=list(ENGINES), nargs="+", help="one pass each (default: sface)")
    parser.add_argument("--detector", choices=["yunet", "hog", "cnn", "auto"], help="one of the engines'")
    chosen = parser.parse_args(arguments)
    if min(chosen.every) < 1:
        parser.error(f"--every: expected 1 or more, got {min(chosen.every)}")
    footage = make_footage(chosen.data_dir)
    engines = [load_engine(name, detector=chosen.detector) for name in chosen.engine or [None]]
    reached = [score(footage, engine, every=every) for engine in engines for every in chosen.every]
    print(f"goals: identity right >= {LEAST_RIGHT:.0%} and no stranger: {'reached' if all(reached) else 'MISSED'}")
    return 0 if all(reached) else 1


def _print_line(name: str, result: CameraScore, passages: Sequence[Passage]) -> None:
    sought, tracks = sought_scores(passages), track_scores(passages)
    print(
        f"  {name:9} detectable {result.detectable:3}  right {result.share_right:6.1%}  strangers {result.strangers}"
        f"  first sighting after {', '.join(f'{wait:.2f}' for wait in result.waits) or '-'} s"
        f"  sought IDF1 {sought.idf1:.3f} IDP {sought.idp:.3f} IDR {sought.idr:.3f}"
        f"  tracks IDF1 {tracks.idf1:.3f} IDP {tracks.idp:.3f} IDR {tracks.idr:.3f}"
        f"  encodings {sum(passage.encoded for passage in passages)}"
    )


def _in_pixels(result: FrameResult, image: Picture) -> tuple[tuple[Box, int, int | None], ...]:
    scale = np.array([image.shape[1], image.shape[0]] * 2)
    boxes = []
    for box in result.boxes:
        left, top, right, bottom = (float(edge) for edge in np.array(box.rect) * scale)
        boxes.append(((left, top, right, bottom), box.box_id, box.object_id))
    return tuple(boxes)


def _clipped(face: TrueFace, truth: Truth) -> TrueFace:
    """Return a face with its box cut to the picture, as boxes on the wire are."""
    left, top, right, bottom = np.clip(face.box, 0.0, (truth.width, truth.height) * 2).tolist()
    return replace(face, box=(left, top, right, bottom))


def _is_about(box: Box, sought: Iterable[TrueFace], faces: Iterable[TrueFace]) -> bool:
    """Whether a box lies on the sought face more than on anybody else's."""
    here = max((iou(face.box, box) for face in sought), default=0.0)
    return here > 0 and here >= max((iou(face.box, box) for face in faces), default=0.0)


def _counting_detectable(truth: Truth, *, only: str | None) -> Truth:
    """Return a truth in which just the detectable faces count; those of one camera get names of their own."""
    frames = tuple(
        tuple(
            replace(
                face,
                person=face.person if only else f"{truth.camera}/{face.person}",
                visible=1.0 if face.detectable else 0.0,
            )
            for face in faces
            if only in (None, face.person)
        )
        for faces in truth.frames
    )
    return replace(truth, frames=frames)


if __name__ == "__main__":
    sys.exit(main())
