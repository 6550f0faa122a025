"""Photos matched as the workers do it, without a queue. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks import photo_sets
from faces import FaceEngine, load_engine
from job_workers.photos.photo_reader import read_photo
from job_workers.photos.photo_search import PhotoSearch, SoughtPeople
from job_workers.settings import Settings

Matches = set[tuple[int, str]]


def default(name: str) -> float:
    """Return a default of the workers."""
    return float(Settings.model_fields[name].default)


class Ours:
    """Photos matched as the workers do it, with their defaults, on one thread."""

    def __init__(self, engine: FaceEngine, references: dict[str, list[np.ndarray]]) -> None:
        self.references = references
        self._search = PhotoSearch(engine, smallest_face=engine.min_face_px)
        self._gallery = photo_sets.gallery(engine.model_id, references)

    @classmethod
    def with_jobs(cls, detector: str, jobs: int) -> Ours:
        """Return it with so many jobs."""
        engine = load_engine("hog" if detector == "hog" else "cnn")
        return cls(engine, photo_sets.references(engine, jobs))

    def matches(self, photos: Sequence[bytes]) -> Matches:
        """Return which photo shows whom."""
        sought, side = SoughtPeople.of(self._gallery.model_id, self._gallery.sought), int(default("longest_side"))
        return {
            (index, match.name)
            for index, photo in enumerate(photos)
            for match in self._search.matches(index, read_photo(photo, longest_side=side), sought, with_place=False)
        }
