"""Face work to be done once in a process of its own, where only one side is loaded; it measures nothing."""

from __future__ import annotations

from benchmarks import face_pictures
from benchmarks.peak_memory import Side

_TIMES = 3


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
