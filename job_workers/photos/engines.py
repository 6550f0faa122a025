"""Which engines a worker looks at pictures with: its own, and one for each other model. Looks at no picture itself."""

import sys
from collections.abc import Callable
from functools import partial

from faces import ENGINES, DetectorName, EngineKind, EngineName, FaceEngine, FacesError, chosen_engine, load_engine
from job_workers.photos.photo_search import PhotoSearch, PhotoSearches


def photo_searches(
    engine: EngineName | None,
    detector: DetectorName | None,
    *,
    smallest_face: float | None,
    load: Callable[..., FaceEngine] = load_engine,
) -> PhotoSearches:
    """Return the chosen engine, loaded, and those of the other models, which are loaded when they are asked for first.

    Args:
        engine: see `faces.chosen_engine`, as for `detector`.
        smallest_face: width, pixels; None: each engine's own.
        load: makes an engine.

    Raises:
        FacesError: the chosen engine cannot be loaded.
        ValueError: there is no such engine, or it has no such detector.
    """
    kind, chosen = chosen_engine(engine, detector)
    others: dict[str, EngineKind] = {}
    for other in ENGINES.values():
        others.setdefault(other.model_id, other)  # of two with one model the first, which is the faster one

    def search(kind: EngineKind, detector: DetectorName) -> PhotoSearch:
        return PhotoSearch(load(kind.name, detector=detector), smallest_face=smallest_face or kind.min_face_px)

    def late(kind: EngineKind) -> PhotoSearch | None:
        try:
            return search(kind, kind.detector)
        except FacesError as fault:
            sys.stderr.write(f"the engine {kind.name} is not used: {fault}\n")
            return None

    more = {model: partial(late, other) for model, other in others.items()}
    return PhotoSearches(search(kind, chosen), more)
