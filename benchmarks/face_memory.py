"""Face work in a process of its own, where only one side is loaded, and the memory that it took.

`python -m benchmarks.face_memory cnn|small ours|theirs` prints it in MB; what a parent has imported does not count.
"""

from __future__ import annotations

import sys

from benchmarks import face_pictures
from benchmarks.children import told_by
from benchmarks.peak_memory import Side, own_peak_megabytes

_TIMES = 3
_SECONDS = 300.0


def peak_megabytes(name: str, side: Side) -> float:
    """Return the most memory in MB that `detect_and_encode` takes in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.face_memory", name, side]
    return float(told_by(command, timeout=_SECONDS))


def detect_and_encode(name: str, side: Side) -> None:
    """Detect and encode the faces of 1000 x 714 pixels three times.

    Args:
        name: "cnn" (each side's CNN at the picture's own size), or "small" (faces from 40 pixels on; theirs is HOG).
        side: whose.
    """
    picture = face_pictures.whole_faces().picture
    if side == "ours":
        from faces import load_engine  # noqa: PLC0415 - the other side must not be loaded

        engine, least = load_engine("cnn"), 80 if name == "cnn" else 40
        for _ in range(_TIMES):
            engine.encode(picture, engine.detect(picture, least))
        return
    from benchmarks import face_peers  # noqa: PLC0415 - as above

    cnn = face_peers.DlibCnn() if name == "cnn" else None
    for _ in range(_TIMES):
        boxes = cnn.find(picture)[0] if cnn else face_peers.locations(picture)
        face_peers.encodings(picture, boxes)


if __name__ == "__main__":
    detect_and_encode(sys.argv[1], "ours" if sys.argv[2] == "ours" else "theirs")
    print(own_peak_megabytes())
