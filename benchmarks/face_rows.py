"""The pieces of face work that are compared, each with what a user would pick instead; it times nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import face_peers, face_pictures
from benchmarks.comparison import Comparison, ResultsDiffer
from benchmarks.face_agreement import same_embeddings, same_faces, superset
from benchmarks.opencv_yunet import SCORE, OpencvYunet
from faces import Faces, Gallery, load_engine
from faces.cnn_detector import CnnDetector
from faces.detecting import Found
from faces.detector_network import DetectorNetwork
from faces.dlib_landmarks import FaceAligner
from faces.graph_files import find_graph
from faces.onnx_session import Session
from faces.yunet_detector import YunetDetector

JOBS = 10


@cache
def _session() -> Session:
    return Session(find_graph("encoder"))


def _faces_of_all_pictures() -> list[tuple[face_pictures.Picture, Faces]]:
    engine = load_engine("cnn")
    return [(picture, engine.detect(picture, 70)) for picture, _ in face_pictures.all_scenes()]


def encode(at_once: int) -> Comparison:
    """Encode upright chips, so many in one call."""
    theirs = face_peers.DlibEncoder()
    picture = face_pictures.group().picture
    found = load_engine("cnn").detect(picture, 70)
    chips = FaceAligner().chips(picture, found.landmarks)[np.arange(at_once) % len(found)]

    def check() -> str:
        largest, count = same_embeddings(_session().run({"chips": chips}), theirs.encode(chips)), 0
        engine = load_engine("cnn")
        for image, faces in _faces_of_all_pictures():
            largest = max(
                largest, same_embeddings(engine.encode(image, faces), face_peers.encodings(image, faces.boxes))
            )
            count += len(faces)
        return f"largest difference {largest:.1e} over {count} faces of all test pictures"

    return Comparison(
        f"encode, {at_once} face{'s' * (at_once > 1)} a call",
        "dlib-bin",
        lambda: _session().run({"chips": chips}),
        lambda: theirs.encode(chips),
        check,
        ">= 22x, difference <= 1e-5",
        repeat=max(1, 24 // at_once),
    )


def detect_cnn() -> Comparison:
    """Search 1000 x 714 pixels at their own size with the CNN."""
    theirs = face_peers.DlibCnn()
    ours = CnnDetector(DetectorNetwork(Session(find_graph("detector")), Session(find_graph("resize"))))
    picture = face_pictures.group().picture

    def check() -> str:
        least, most, count = 1.0, 0.0, 0
        for image, _ in face_pictures.all_scenes():
            found = theirs.find(image)
            overlap, difference = same_faces(ours.find(image, *image.shape[:2]), found)
            least, most, count = min(least, overlap), max(most, difference), count + len(found[0])
        return f"same {count} faces, IoU >= {least:.3f}, confidence within {most:.1e}"

    return Comparison(
        "detect, CNN, 1000x714",
        "dlib's cnn_face_detection_model_v1",
        lambda: ours.find(picture, *picture.shape[:2]),
        lambda: theirs.find(picture),
        check,
        ">= 20x, same faces",
        repeat=3,
    )


def detect_yunet(width: int, height: int) -> Comparison:
    """Search a picture at its own size with YuNet."""
    theirs, ours = OpencvYunet(), YunetDetector(Session(find_graph("yunet")), Session(find_graph("yunet_2x")))
    picture = np.asarray(Image.fromarray(face_pictures.whole_faces().picture).resize((width, height)))

    def find(image: face_pictures.Picture) -> Found:
        seen = ours.search(image, SCORE)
        return seen.boxes, seen.scores

    def check() -> str:
        least, most, count = 1.0, 0.0, 0
        for image in (picture, *(scene.picture for scene in face_pictures.all_scenes())):
            found = theirs.find(image)
            overlap, difference = same_faces(find(image), found)
            least, most, count = min(least, overlap), max(most, difference), count + len(found[0])
        return f"same {count} faces, IoU >= {least:.3f}, score within {most:.1e}"

    return Comparison(
        f"detect, YuNet, {width}x{height}",
        "OpenCV's FaceDetectorYN, one thread",
        lambda: find(picture),
        lambda: theirs.find(picture),
        check,
        ">= 2x, same faces",
        repeat=5,
    )


def detect_small(threads: int) -> Comparison:
    """Search 1000 x 714 pixels for faces from 40 pixels on."""
    engine, picture = load_engine("cnn", threads), face_pictures.whole_faces().picture

    def check() -> str:
        both = more = 0
        for image, faces_at in (face_pictures.whole_faces(), face_pictures.single(), *face_pictures.all_scenes()):
            theirs, beside = superset(engine.detect(image, 40).boxes, face_peers.locations(image), faces_at)
            both, more = both + theirs, more + beside
        return f"all {both} of their true faces and {more} more"

    return Comparison(
        f"detect, faces from 40 px on, 1000x714, {threads} thread{'s' * (threads > 1)}",
        "face_recognition.face_locations (HOG, one thread)",
        lambda: engine.detect(picture, 40),
        lambda: face_peers.locations(picture),
        check,
        "never slower, a superset",
        repeat=2,
    )


def photo_against_jobs() -> Comparison:
    """Match one photo against ten jobs of one reference each."""
    engine = load_engine("cnn")
    picture = face_pictures.single().picture
    photo = io.BytesIO()
    Image.fromarray(picture).save(photo, "JPEG", quality=92)
    sought = engine.encode(picture, engine.detect(picture, 80))[:1]
    rng = np.random.default_rng(4)
    references = [sought[0] + rng.normal(0, spread, 128).astype(np.float32) for spread in np.linspace(0.0, 0.2, JOBS)]
    gallery: Gallery[int] = Gallery()
    for job, reference in enumerate(references):
        gallery.add(job, [reference])

    def ours() -> int:
        image = np.asarray(Image.open(photo).convert("RGB"))
        match = gallery.match(engine.encode(image, engine.detect(image, 40)))[0]
        return match.case_id if match is not None else -1

    def theirs() -> int:
        nearest = []
        for reference in references:
            image = np.asarray(Image.open(photo).convert("RGB"))
            rows = face_peers.encodings(image, face_peers.locations(image))
            nearest.append(float(face_peers.distances([reference.astype(np.float64)], rows[0])[0]))
        return int(np.argmin(nearest))

    def check() -> str:
        if (found := ours()) != (their := theirs()):
            raise ResultsDiffer(f"expected job {their}, got {found}")
        return "the same job"

    name = f"match a photo (1000x714, faces from 40 px on) against {JOBS} jobs"
    return Comparison(name, "the legacy cloudlet's way: all anew for each job", ours, theirs, check, ">= 40x")


def compare_ten_thousand() -> Comparison:
    """Compare one embedding with 10,000 references."""
    gallery, references, query = _gallery(10_000)
    rows = list(references.astype(np.float64))
    wide = query.astype(np.float64)

    def check() -> str:
        return _same_nearest(gallery, face_peers.distances(rows, wide), query)

    return Comparison(
        "compare 1 embedding with 10,000",
        "face_recognition.compare_faces",
        lambda: gallery.match(query[None]),
        lambda: face_peers.distances(rows, wide),
        check,
        "-",
        repeat=20,
    )


def compare_a_million() -> Comparison:
    """Compare one embedding with 1,000,000 references."""
    gallery, references, query = _gallery(1_000_000)

    def check() -> str:
        return _same_nearest(gallery, np.sqrt(((references - query) ** 2).sum(axis=1, dtype=np.float64)), query)

    return Comparison(
        "compare 1 embedding with 1,000,000",
        "the bare matrix product, which finds nothing yet",
        lambda: gallery.match(query[None]),
        lambda: references @ query,
        check,
        ">= 0.5x",
        repeat=3,
    )


def _gallery(count: int) -> tuple[Gallery[int], NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(2)
    references = rng.standard_normal((count, 128), dtype=np.float32) * np.float32(0.12)
    gallery: Gallery[int] = Gallery()
    for begin in range(0, count, 100):
        gallery.add(begin, references[begin : begin + 100])
    return gallery, references, references[count // 3] + np.float32(0.01)


def _same_nearest(gallery: Gallery[int], distances: NDArray[np.float64], query: NDArray[np.float32]) -> str:
    match, nearest = gallery.match(query[None])[0], int(np.argmin(distances))
    if match is None or match.case_id != nearest // 100 * 100 or abs(match.distance - distances[nearest]) > 1e-5:
        raise ResultsDiffer(f"expected case {nearest // 100 * 100} at {distances[nearest]}, got {match}")
    return f"the same nearest of {len(distances)}"


ROWS: dict[str, Callable[[], Comparison]] = {
    "encode-1": lambda: encode(1),
    "encode-8": lambda: encode(8),
    "cnn": detect_cnn,
    "yunet-360": lambda: detect_yunet(640, 360),
    "yunet-540": lambda: detect_yunet(960, 540),
    "yunet-1080": lambda: detect_yunet(1920, 1080),
    "small": lambda: detect_small(1),
    "small-2": lambda: detect_small(2),
    "jobs": photo_against_jobs,
    "compare": compare_ten_thousand,
    "million": compare_a_million,
}
