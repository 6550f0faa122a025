"""Frames per second of a camera's pipeline with the engine as it was and as it is; it judges no identity."""

from __future__ import annotations

from itertools import islice
from time import perf_counter

from benchmarks import face_pictures
from benchmarks.face_peers import DlibEngine
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Engine, Pipeline
from drill.clip_reader import read_clip
from drill.footage import make_footage
from drill.scenario import FPS
from faces import Gallery, load_engine
from faces.scale import model_scale

_FRAMES = 60
_LEAST_FACES_PX = (40, 60, 80)


def frame_rates() -> str:
    """Return a Markdown table: detection, tracking and encoding in every frame of the sample clip, one thread."""
    clip = make_footage(face_pictures.DATA_DIR).clips[0]
    frames = list(islice(read_clip(clip.video), _FRAMES))
    cnn, hog, sface = load_engine("cnn"), load_engine("hog"), load_engine("sface")
    engines: dict[str, Engine] = {"before: HOG, dlib": DlibEngine(cnn.model_id), "hog": hog, "cnn": cnn, "sface": sface}
    height, width = frames[0].shape[:2]
    lines = [
        f"Frames a second of the camera's pipeline, {width}x{height}, {_FRAMES} frames, all detected, one thread:",
        "",
        "| engine | " + " | ".join(f"faces from {least} px on" for least in _LEAST_FACES_PX) + " |",
        "| --- |" + " --- |" * len(_LEAST_FACES_PX),
    ]
    for name, engine in engines.items():
        rates = " | ".join(f"{_rate(engine, frames, least):.1f}" for least in _LEAST_FACES_PX)
        lines.append(f"| {name} | {rates} |")
    return "\n".join(lines) + "\n"


def _rate(engine: Engine, frames: list[face_pictures.Picture], least_face_px: float) -> float:
    pipeline = Pipeline(engine, gallery=Gallery(), scale=model_scale(engine.model_id), min_face_px=least_face_px)
    began = perf_counter()
    for number, image in enumerate(frames):
        # Nobody tells the pipeline what a detection costs here, so it detects in every frame.
        now = number / FPS
        pipeline.process(Frame(image, now, number + 1, now), now)
    return len(frames) / (perf_counter() - began)
