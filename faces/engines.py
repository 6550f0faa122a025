"""The engines that can be chosen, in one table, and how each is loaded; what they do is in their own files.

An engine's own libraries are imported when it is loaded: who runs one pays for no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal, get_args

import numpy as np

from faces.detecting import Detector
from faces.engine import FaceEngine
from faces.graph_files import Kind, find_graph
from faces.onnx_session import ProviderName, Session
from faces.weights import ENCODER, SFACE, model_id

EngineName = Literal["sface", "dlib", "face_recognition"]
DetectorName = Literal["yunet", "cnn", "hog", "auto"]
DEFAULT_ENGINE: EngineName = "sface"
CNN_FAST_ENOUGH_S = 0.1


@dataclass(frozen=True, slots=True)
class Loading:
    """How an engine is wanted.

    Attributes:
        detector: one of the engine's.
        threads: most threads that one call may use.
        provider: what the networks run on.
        graphs: where converted graphs are kept; None: `~/.cache/searchlight/graphs`.
    """

    detector: DetectorName
    threads: int
    provider: ProviderName
    graphs: Path | None

    def session(self, kind: Kind, *, provider: ProviderName | None = None) -> Session:
        """Return a graph that can be run."""
        return Session(find_graph(kind, cache=self.graphs), threads=self.threads, provider=provider or self.provider)


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One row of the table.

    Attributes:
        name: by which it is chosen.
        help: one line for `--help`.
        detectors: name and help line of each of its detectors, the default first.
        weights: of its embedder.
        min_face_px: width of the smallest face that it looks for unless it is told another.
        load: makes one.
    """

    name: EngineName
    help: str
    detectors: Mapping[DetectorName, str]
    weights: str
    min_face_px: float
    load: Callable[[EngineKind, Loading], FaceEngine]

    @property
    def model_id(self) -> str:
        """Name of its embeddings, known without loading it; those of different names never compare."""
        return model_id(self.weights)

    @property
    def detector(self) -> DetectorName:
        """Its default detector."""
        return next(iter(self.detectors))


def load_engine(
    name: EngineName | DetectorName | None = None,
    threads: int = 1,
    *,
    detector: DetectorName | None = None,
    provider: ProviderName = "auto",
    graphs: Path | None = None,
) -> FaceEngine:
    """Load an engine's networks and return it; takes about half a second, a few more when graphs are converted first.

    Args:
        name: an engine's, or a detector's, which stands for the engine that has it. None: the engine that has
            `detector`, `sface` when that is None too.
        threads: most threads that one call may use, 1 or more.
        detector: one of the engine's; None: its default.
        provider: what the networks run on, see `Session`; `FaceEngine.provider` says what was to be had.
        graphs: where converted graphs are kept; None: `~/.cache/searchlight/graphs`.

    Raises:
        WeightsMissing: weights are not on this machine.
        BadWeights: they are others than those of the lock.
        ConverterMissing: the graphs are not there and cannot be made.
        EngineMissing: the engine's library is not installed.
        ValueError: an unknown engine, detector or provider, or `threads` below 1.
    """
    kind, detector = chosen_engine(name, detector)
    if provider not in get_args(ProviderName):
        raise ValueError(f"provider: expected one of {', '.join(get_args(ProviderName))}, got {provider!r}")
    if threads < 1:
        raise ValueError(f"threads: expected 1 or more, got {threads}")
    return kind.load(kind, Loading(detector, threads, provider, graphs))


def engine_kind(name: str) -> EngineKind:
    """Return the row of the table with this name.

    Raises:
        ValueError: there is none.
    """
    if name not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {name!r}")
    return ENGINES[name]


def engines_help() -> str:
    """Return one line for each engine and each of its detectors."""
    lines = []
    for kind in ENGINES.values():
        lines.append(f"{kind.name}: {kind.help}")
        lines += [f"  {name}: {text}" for name, text in kind.detectors.items()]
    return "\n".join(lines)


def chosen_engine(name: str | None, detector: DetectorName | None) -> tuple[EngineKind, DetectorName]:
    """Return the engine and the detector that these stand for, as `load_engine` says.

    Raises:
        ValueError: one is unknown, or the engine has no such detector.
    """
    if name is not None and name not in ENGINES:
        for kind in ENGINES.values():
            for known in kind.detectors:
                if known == name and detector in (None, known):
                    return kind, known
    if name is None and detector is not None:
        name = next((kind.name for kind in ENGINES.values() if detector in kind.detectors), DEFAULT_ENGINE)
    kind = engine_kind(name or DEFAULT_ENGINE)
    if detector is not None and detector not in kind.detectors:
        raise ValueError(f"detector: expected one of {', '.join(kind.detectors)} with {kind.name}, got {detector!r}")
    return kind, detector or kind.detector


def _load_sface(kind: EngineKind, loading: Loading) -> FaceEngine:
    from faces.sface_embedder import SFaceEmbedder  # noqa: PLC0415 - see the module's text
    from faces.yunet_detector import YunetDetector  # noqa: PLC0415

    return FaceEngine(
        kind.name,
        finder=YunetDetector(loading.session("yunet"), loading.session("yunet_2x")),
        embedder=SFaceEmbedder(loading.session("sface")),
        min_face_px=kind.min_face_px,
    )


def _load_dlib(kind: EngineKind, loading: Loading) -> FaceEngine:
    from faces.cnn_detector import CnnDetector  # noqa: PLC0415 - see the module's text
    from faces.detector_network import DetectorNetwork  # noqa: PLC0415
    from faces.dlib_engine import DlibEmbedder, DlibFinder  # noqa: PLC0415
    from faces.dlib_hog import HogDetector  # noqa: PLC0415
    from faces.dlib_landmarks import FaceAligner  # noqa: PLC0415

    def cnn() -> CnnDetector:
        # The pyramid's levels lie in the host's memory: resizing elsewhere would only move them to and fro.
        return CnnDetector(DetectorNetwork(loading.session("detector"), loading.session("resize", provider="cpu")))

    chosen: Detector = cnn() if loading.detector != "hog" else HogDetector()
    if loading.detector == "auto" and _seconds(chosen) > CNN_FAST_ENOUGH_S:
        chosen = HogDetector()
    aligner = FaceAligner()
    return FaceEngine(
        kind.name,
        finder=DlibFinder(chosen, aligner),
        embedder=DlibEmbedder(loading.session("encoder"), aligner),
        min_face_px=kind.min_face_px,
    )


def _load_face_recognition(kind: EngineKind, loading: Loading) -> FaceEngine:
    from faces.face_recognition_library import LibraryEmbedder, LibraryFinder  # noqa: PLC0415 - see the module's text

    return FaceEngine(
        kind.name,
        finder=LibraryFinder(loading.detector),
        embedder=LibraryEmbedder(),
        min_face_px=kind.min_face_px,
    )


def _seconds(detector: Detector) -> float:
    """Return how long a detector takes for a picture of noise, 640x360, the second time."""
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    detector.find(noise, 360, 640)
    started = perf_counter()
    detector.find(noise, 360, 640)
    return perf_counter() - started


ENGINES: Mapping[str, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind(
            "sface",
            "YuNet and SFace: small, turned and blurred faces, the fewest false candidates",
            {"yunet": "faces from 12 px on, turned ones too"},
            SFACE,
            12.0,
            _load_sface,
        ),
        EngineKind(
            "dlib",
            "face_recognition's networks on ONNX Runtime: near faces, embeddings as of old",
            {
                "cnn": "near faces, turned ones too",
                "hog": "near, upright, frontal faces",
                "auto": "cnn when it needs less than 0.1 s for 640x360, else hog",
            },
            ENCODER,
            40.0,
            _load_dlib,
        ),
        EngineKind(
            "face_recognition",
            "the library itself, slow: to compare with, with the same embeddings as dlib",
            {"hog": "near, upright, frontal faces", "cnn": "turned ones too, some seconds a picture"},
            ENCODER,
            40.0,
            _load_face_recognition,
        ),
    )
}
