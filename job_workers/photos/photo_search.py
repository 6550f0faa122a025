"""Finds the faces of a picture and compares each with everyone who is sought. Reads and writes nothing."""

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backbone.errors import BadInput, Conflict
from backbone.wire.jobs import FaceMatch, GalleryFile, Reference, Sought
from faces import FaceEngine
from job_workers.photos.photo_reader import PhotoRead

CROP_SIDE = 256
CROP_MARGIN = 0.5
"""Shares of a face's size that a crop shows on each side: so much that a face can be found in it again."""

Picture = NDArray[np.uint8]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SoughtPeople:
    """A gallery as one matrix: `rows` (n, 128) float32, `owner` (n,) index of each row's person.

    `negatives` holds (m, 128) float32 by the index of a person who has any.
    """

    model_id: str
    names: tuple[str, ...]
    tolerances: tuple[float, ...]
    rows: NDArray[np.float32]
    owner: NDArray[np.intp]
    negatives: dict[int, NDArray[np.float32]]

    @classmethod
    def of(cls, model_id: str, sought: Sequence[Sought]) -> "SoughtPeople":
        """Return the matrix of those who are known to a model.

        Raises:
            BadInput: an embedding has not 128 numbers.
        """
        every = [embedding for one in sought for embedding in one.embeddings]
        beside = [embedding for one in sought for embedding in one.negatives]
        if any(len(embedding) != 128 for embedding in (*every, *beside)):
            raise BadInput("expected embeddings of 128 numbers, got another length")
        owner = [index for index, one in enumerate(sought) for _ in one.embeddings]
        return cls(
            model_id,
            tuple(one.name for one in sought),
            tuple(one.tolerance for one in sought),
            np.asarray(every, dtype=np.float32).reshape(-1, 128),
            np.asarray(owner, dtype=np.intp),
            {n: np.asarray(one.negatives, np.float32) for n, one in enumerate(sought) if one.negatives},
        )

    def near(self, embedding: NDArray[np.float32]) -> Iterator[tuple[str, float]]:
        """Yield who is near enough to a face, (128,), with the Euclidean distance to their nearest reference.

        Who has a negative that is nearer is not near: a person said that such a face is somebody else.
        """
        distances = np.linalg.norm(self.rows - embedding, axis=1)
        for index, (name, tolerance) in enumerate(zip(self.names, self.tolerances, strict=True)):
            nearest = float(distances[self.owner == index].min(initial=np.inf))
            if nearest <= tolerance and not self._is_negative(index, embedding, nearest):
                yield name, nearest

    def _is_negative(self, index: int, embedding: NDArray[np.float32], nearest: float) -> bool:
        negatives = self.negatives.get(index)
        return negatives is not None and float(np.linalg.norm(negatives - embedding, axis=1).min()) < nearest


class PhotoSearch:
    """One engine and what it is used for.

    Args:
        smallest_face: width, pixels.
    """

    def __init__(self, engine: FaceEngine, *, smallest_face: float) -> None:
        self._engine = engine
        self._smallest_face = smallest_face
        self.model_id = engine.model_id

    def reference(self, photo: str, picture: Picture) -> Reference:
        """Return the largest face of a reference photo.

        Raises:
            BadInput: no face is in it.
        """
        found = self._engine.detect(picture, self._smallest_face)
        if not len(found):
            raise BadInput("expected a face in the photo, found none", code="no_face")
        widths = found.boxes[:, 2] - found.boxes[:, 0]
        box = found.boxes[int(np.argmax(widths))]
        embedding = self._engine.encode(picture, found)[int(np.argmax(widths))]
        return Reference(
            photo=photo,
            rect=share_of(box, picture),
            embedding=tuple(float(number) for number in embedding),
            chip=crop(picture, box),
        )

    def matches(self, index: int, photo: PhotoRead, sought: SoughtPeople, *, with_place: bool) -> list[FaceMatch]:
        """Return every face of a photo that is near to somebody sought.

        Raises:
            Conflict: the gallery is of another model; distances would mean nothing.
        """
        if sought.model_id != self.model_id and len(sought.rows):
            raise Conflict(f"expected a gallery of model {self.model_id}, got {sought.model_id}")
        if not len(sought.rows):
            return []
        found = self._engine.detect(photo.picture, self._smallest_face)
        return [
            FaceMatch(
                photo=index,
                name=name,
                rect=share_of(box, photo.picture),
                distance=distance,
                model_id=self.model_id,
                taken_at=photo.taken_at,
                place=photo.place if with_place else None,
                crop=crop(photo.picture, box),
            )
            for box, embedding in zip(found.boxes, self._engine.encode(photo.picture, found), strict=True)
            for name, distance in sought.near(embedding)
        ]


@dataclass(frozen=True, slots=True)
class Looking:
    """Who is looked for in a photo, each by one engine that knows them; `passed_over` counts those that none knows."""

    parts: tuple[tuple[PhotoSearch, SoughtPeople], ...]
    passed_over: int = 0

    @property
    def anybody(self) -> bool:
        """Whether there is somebody to look for."""
        return bool(self.parts)

    def matches(self, index: int, photo: PhotoRead, *, with_place: bool) -> list[FaceMatch]:
        """Return every face of a photo that is near to somebody sought."""
        return [
            match
            for search, sought in self.parts
            for match in search.matches(index, photo, sought, with_place=with_place)
        ]


class PhotoSearches:
    """The engines of one worker, one a model.

    Args:
        own: used for whatever it knows.
        more: loads each of the others, by model, when it is needed first; None: it cannot be loaded here.
    """

    def __init__(
        self, own: PhotoSearch, more: Mapping[str, Callable[[], PhotoSearch | None]] = MappingProxyType({})
    ) -> None:
        self._loaded = {own.model_id: own}
        self._more = {model: load for model, load in more.items() if model != own.model_id}
        self.model_id = own.model_id

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that there is an engine for, the own one first."""
        return (self.model_id, *self._more)

    def wanted(self, models: Iterable[str]) -> list[PhotoSearch]:
        """Return the own engine, and of these models those that there is one for."""
        wanted = set(models)
        found = (self._of(model) for model in self.models if model == self.model_id or model in wanted)
        return [search for search in found if search is not None]

    def looking(self, gallery: GalleryFile) -> Looking:
        """Return who is looked for by which engine; embeddings of a model that is not here are never compared.

        Raises:
            BadInput: an embedding has not 128 numbers.
            Conflict: there are embeddings, and none of a model that is here.
        """
        by_model, taken = gallery.by_model, set[str]()
        parts: list[tuple[PhotoSearch, SoughtPeople]] = []
        for model in self.models:
            mine = [one for one in by_model.get(model, ()) if one.embeddings and one.name not in taken]
            search = self._of(model) if mine else None
            if search is not None:
                taken.update(one.name for one in mine)
                parts.append((search, SoughtPeople.of(model, mine)))
        known = {one.name for sought in by_model.values() for one in sought if one.embeddings}
        if known and not taken:
            here, got = " or ".join(self.models), ", ".join(sorted(by_model))
            raise Conflict(f"expected a gallery of model {here}, got {got}")
        return Looking(tuple(parts), len(known - taken))

    def _of(self, model: str) -> PhotoSearch | None:
        """Return a model's engine; one that cannot be loaded is not tried again, and this worker has its model not."""
        if model not in self._loaded:
            search = self._more[model]()
            if search is None:
                del self._more[model]
                return None
            self._loaded[model] = search
        return self._loaded[model]


def share_of(box: NDArray[np.float32], picture: Picture) -> Rect:
    """Return a box, (4,) xyxy pixels, in shares of the picture, within it."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in np.clip(box / (width, height, width, height), 0.0, 1.0))
    return x1, y1, x2, y2


def crop(picture: Picture, box: NDArray[np.float32]) -> str:
    """Return a JPEG of a face and what is around it, in base64."""
    height, width = picture.shape[:2]
    margin = (box[2:] - box[:2]) * CROP_MARGIN
    left, top = np.maximum(box[:2] - margin, 0).astype(int)
    right, bottom = np.minimum(box[2:] + margin, (width, height)).astype(int)
    image = Image.fromarray(picture[top:bottom, left:right])
    image.thumbnail((CROP_SIDE, CROP_SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return base64.b64encode(out.getvalue()).decode()
