"""SFace beside OpenCV's `FaceRecognizerSF` and beside dlib's network: `python -m benchmarks.embedding_opencv`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.comparison import LEAST_RUNS, Comparison, ResultsDiffer, Work, measure
from benchmarks.face_pictures import group
from benchmarks.machine import described
from benchmarks.results import RESULTS, table, write_section
from faces import load_engine
from faces.dlib_landmarks import FaceAligner
from faces.graph_files import find_graph
from faces.onnx_session import Session
from faces.sface_embedder import upright
from faces.weights import SFACE, weights_path

TITLE = "Embeddings"
PACKAGES = ("onnxruntime", "opencv-python-headless", "numpy")
Picture = NDArray[np.uint8]
_SAME = 1e-3
# On a busy machine a short piece of work and a long one are not interrupted alike: both sides repeat theirs.
TIMES = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on one thread each; return 0, or 1 when the two sides of a row do not agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.embedding_opencv", description="Compares SFace.")
    parser.add_argument("--runs", type=int, default=9, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of the table")
    chosen = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        rows = [measure(comparison(), runs=chosen.runs) for comparison in (beside_opencv, from_picture, beside_dlib)]
    except ResultsDiffer as fault:
        print(f"the results differ: {fault}")
        return 1
    text = f"{described(PACKAGES)}\n\n{table(rows, {})}"
    write_section(TITLE, text, chosen.results)
    print(text)
    return 0


def beside_opencv() -> Comparison:
    """Embed one cut-out face."""
    chips, theirs = _chips(), _opencv()
    turned = np.ascontiguousarray(chips[0][:, :, ::-1])

    def check() -> str:
        most = 0.0
        for chip in chips:
            feature = theirs.feature(np.ascontiguousarray(chip[:, :, ::-1]))[0]
            most = max(most, float(np.abs(_sface().run({"chips": chip[None]})[0] - _unit(feature)).max()))
        return _agreed(most, len(chips))

    return Comparison(
        f"SFace, one cut-out face, {TIMES} times",
        "OpenCV's FaceRecognizerSF.feature",
        lambda: _often(lambda: _sface().run({"chips": chips[:1]})),
        lambda: _often(lambda: theirs.feature(turned)),
        check,
        ">= 2x, difference <= 1e-3",
    )


def from_picture() -> Comparison:
    """Turn upright, cut and embed the faces of a picture."""
    picture, engine, theirs = group().picture, load_engine("sface"), _opencv()
    found = engine.detect(picture, 40)
    turned = np.ascontiguousarray(picture[:, :, ::-1])
    sides = np.concatenate([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]], axis=1)
    rows = np.concatenate([sides, found.landmarks.reshape(-1, 10), found.confidences[:, None]], axis=1)

    def opencv() -> list[NDArray[np.float32]]:
        # A feature is a view of memory that the next one overwrites.
        return [theirs.feature(theirs.alignCrop(turned, row))[0].copy() for row in rows]

    def check() -> str:
        ours = engine.encode(picture, found)
        most = max(float(np.abs(our - _unit(their)).max()) for our, their in zip(ours, opencv(), strict=True))
        return _agreed(most, len(ours))

    return Comparison(
        f"SFace, {len(found)} faces of a picture",
        "OpenCV's alignCrop and feature",
        lambda: engine.encode(picture, found),
        opencv,
        check,
        ">= 2x, difference <= 1e-3",
    )


def beside_dlib() -> Comparison:
    """Embed one cut-out face with either network of ours: another work, compared in time alone."""
    picture = group().picture
    found = load_engine("cnn").detect(picture, 70)
    network, theirs = Session(find_graph("encoder")), FaceAligner().chips(picture, found.landmarks)[:1]
    chips = _chips()
    return Comparison(
        f"SFace, one cut-out face, {TIMES} times",
        "dlib's network on ONNX Runtime",
        lambda: _often(lambda: _sface().run({"chips": chips[:1]})),
        lambda: _often(lambda: network.run({"chips": theirs})),
        lambda: "other embeddings",
        ">= 0.42x",
    )


def _often(work: Work) -> None:
    for _ in range(TIMES):
        work()


@cache
def _sface() -> Session:
    return Session(find_graph("sface"))


def _chips() -> Picture:
    picture = group().picture
    return np.stack([upright(picture, points) for points in load_engine("sface").detect(picture, 40).landmarks])


def _opencv() -> cv2.FaceRecognizerSF:
    return cv2.FaceRecognizerSF.create(str(weights_path(SFACE)), "")


def _unit(feature: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = feature / np.linalg.norm(feature)
    return unit


def _agreed(most: float, count: int) -> str:
    if most > _SAME:
        raise ResultsDiffer(f"expected embeddings within {_SAME}, got {most}")
    return f"largest difference {most:.1e} over {count} faces"


if __name__ == "__main__":
    sys.exit(main())
