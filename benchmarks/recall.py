"""Reports how many faces of a folder of labelled pictures are found: `python -m benchmarks.recall PICTURES`.

It tunes nothing. Each picture is searched as it is, at half and at a third of its sides, by each engine as it is when
nothing is asked of it, and by OpenCV's YuNet beside them, all on one thread.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_faces import LabelledPicture, Labels, LabelsMissing, labelled_pictures
from benchmarks.machine import described
from benchmarks.opencv_yunet import SCORE, OpencvYunet
from benchmarks.recall_count import PROFILE_PX, PROFILE_YAW, WIDTHS, Outcome, Recall
from faces import DetectorName, load_engine

Picture = NDArray[np.uint8]
Search = Callable[[Picture], NDArray[np.floating]]
DIVISORS = (1, 2, 3)
OPENCV = "opencv"
ENGINES: tuple[DetectorName, ...] = ("yunet", "hog", "cnn")
_NAMES = {"yunet": "sface (yunet)", "hog": "dlib (hog)", "cnn": "dlib (cnn)", OPENCV: f"OpenCV's YuNet, score {SCORE}"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 when the folder is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall", description="Faces found on your pictures.")
    parser.add_argument("folder", type=Path, help="holds pictures and `faces.json`")
    parser.add_argument("--by", nargs="+", choices=list(_NAMES), default=list(_NAMES), help="which detectors")
    parser.add_argument("--divisors", nargs="+", type=int, default=list(DIVISORS), help="of the sides of the pictures")
    parser.add_argument("--min-face-px", type=float, help="asked of the engines; without it: what they do unasked")
    parser.add_argument("--tell", action="store_true", help="tell each missed face and each false box")
    chosen = parser.parse_args(arguments)
    try:
        pictures = list(labelled_pictures(chosen.folder, tuple(chosen.divisors)))
    except LabelsMissing as fault:
        print(fault)
        return 2
    print(described(("onnxruntime", "opencv-python-headless", "dlib-bin", "numpy")))
    print(f"{len(pictures)} pictures: sides divided by {', '.join(map(str, chosen.divisors))}; one thread\n")
    print(_line(_columns()), _line(["---"] * len(_columns())), sep="\n", flush=True)
    told: list[str] = []
    for name in chosen.by:
        outcomes, milliseconds = measure(_search(name, chosen.min_face_px), pictures)
        print(_line(_row(_NAMES[name], Recall.of(outcomes), milliseconds)), flush=True)
        told += _told(name, pictures, outcomes)
    if chosen.tell:
        print("", *told, sep="\n")
    return 0


def measure(search: Search, pictures: Sequence[LabelledPicture]) -> tuple[list[tuple[Labels, Outcome]], float]:
    """Search all pictures; return what became of each, and the mean milliseconds that one took."""
    outcomes, seconds = [], 0.0
    for picture in pictures:
        began = perf_counter()
        boxes = search(picture.picture)
        seconds += perf_counter() - began
        outcomes.append((picture.labels, Outcome.of(boxes, picture.labels)))
    return outcomes, seconds * 1000 / max(len(pictures), 1)


def _search(name: str, min_face_px: float | None) -> Search:
    if name == OPENCV:
        opencv = OpencvYunet()
        return lambda picture: opencv.find(picture)[0]
    engine = load_engine(detector=next(known for known in ENGINES if known == name))
    return lambda picture: engine.detect(picture, min_face_px).boxes


def _columns() -> list[str]:
    bins = [f"{least:g} px and more" if most == np.inf else f"{least:g}-{most:g} px" for least, most in WIDTHS]
    profiles = f"turned by {PROFILE_YAW} and more, from {PROFILE_PX:g} px on"
    return ["detector", *bins, profiles, "false boxes", "a face twice", "ms a picture"]


def _row(name: str, recall: Recall, milliseconds: float) -> list[str]:
    shares = [*map(str, recall.by_width), str(recall.profiles)]
    return [name, *shares, str(recall.false), str(recall.again), f"{milliseconds:.0f}"]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _told(name: str, pictures: Sequence[LabelledPicture], outcomes: Sequence[tuple[Labels, Outcome]]) -> list[str]:
    """Return a line for each picture in which something was missed or false."""
    lines = []
    for picture, (labels, outcome) in zip(pictures, outcomes, strict=True):
        missed = labels.boxes[~outcome.found & ~labels.ignored & (labels.widths >= WIDTHS[0][0])]
        if len(missed) or outcome.false.any() or outcome.again.any():
            places = " ".join("({:.0f},{:.0f},{:.0f},{:.0f})".format(*box) for box in missed)
            counts = f"{outcome.false.sum()} false, {outcome.again.sum()} twice"
            lines.append(f"{name}: {picture.name}: {counts}, {len(missed)} missed {places}".rstrip())
    return lines


if __name__ == "__main__":
    sys.exit(main())
