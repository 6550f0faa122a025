"""What is asked of the job workers and what they answer: queues, functions, tasks and results. Does not enqueue.

A task names the Redis stream that its result is written to (`reply`). A worker writes a result once for each `task_id`,
however often the job runs, so whoever reads the stream sees each effect exactly once. Streams and pictures are named
without their installation's prefix, which whoever asks Redis puts before them (`backbone.redis_settings`).
"""

from typing import Literal

from msgspec import Struct

from backbone.wire.offload import Offloaded, OffloadTask

ENCODE, MATCH, FOOTAGE = "encode", "match", "footage"
"""Names of rq queues."""

RUN_TASK = "job_workers.tasks.run_task"
"""The one function that workers run; its only argument is a task as JSON text (`encode_task`)."""

OPEN_TASKS = "tasks"
"""`tasks:<queue>` is a sorted set of the ids of jobs that were handed over and are not done, by when that was."""

ALIVE = "job_workers:alive:"
"""`job_workers:alive:<worker>` is there while a worker lives; its value: the models that it has, spaces between."""

UNTOLD = "1"
"""Stands there instead while a worker has not told its models."""

DONE_SECONDS = 7 * 86_400
"""How long a worker remembers that a task's result was written."""

BLOB_SECONDS = 86_400
"""How long pictures wait for their job."""


class Place(Struct, frozen=True, rename="camel"):
    """Where a photo was taken, degrees (WGS 84); only where its sender opted in."""

    latitude: float
    longitude: float


class Photo(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A picture to look at.

    Attributes:
        key: Redis key of its bytes.
        name: what its sender called it; never a path.
        received_at: seconds since the epoch.
        with_location: whether the sender opted in to telling the EXIF position.
    """

    key: str
    name: str
    received_at: float
    with_location: bool = False


class EncodeTask(Struct, frozen=True, rename="camel", tag="encode", tag_field="type"):
    """Make references of a sought person's photos; the pictures are deleted with the result's being written.

    Attributes:
        tag: handed back with the result: which case or job this is for.
        models: the models that are wanted; the worker's own is always among the answers, of the others those it has.
    """

    task_id: str
    reply: str
    tag: str
    photos: tuple[Photo, ...]
    models: tuple[str, ...] = ()


class MatchTask(Struct, frozen=True, rename="camel", tag="match", tag_field="type"):
    """Compare every face in photos with a gallery; the pictures stay, their sender deletes them.

    Attributes:
        gallery: Redis key of a JSON `GalleryFile`: the snapshot that the batch is compared with.
    """

    task_id: str
    reply: str
    tag: str
    photos: tuple[Photo, ...]
    gallery: str


class FootageTask(Struct, frozen=True, rename="camel", tag="footage", tag_field="type"):
    """Look through a video or a folder of pictures that lies where the workers can read it.

    Attributes:
        path: below the workers' footage folder, relative.
        gallery: as in `MatchTask`; it is looked up again and again while this runs, and nobody in it ends the task.
        began_at: when a video begins, seconds since the epoch; None: by the file's own time.
        every_seconds: how much of the footage's time lies between two looks.
    """

    task_id: str
    reply: str
    tag: str
    path: str
    gallery: str
    began_at: float | None = None
    every_seconds: float = 0.5


Task = EncodeTask | MatchTask | FootageTask | OffloadTask


class Sought(Struct, frozen=True, rename="camel"):
    """One sought person in a gallery: embeddings are 128 floats each; a face at `tolerance` or nearer matches.

    `negatives` are faces that a person said are somebody else: who is nearer to one of them does not match.
    """

    name: str
    tolerance: float
    embeddings: tuple[tuple[float, ...], ...]
    negatives: tuple[tuple[float, ...], ...] = ()


class GalleryFile(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Everyone who is sought at one moment, as one model knows them; `others`: as further models do.

    A worker reads what is of its own models. One of the version before knows the first model only.
    """

    model_id: str
    sought: tuple[Sought, ...]
    others: tuple["GalleryFile", ...] = ()

    @property
    def by_model(self) -> dict[str, tuple[Sought, ...]]:
        """Who is sought, by model; nobody's embeddings are in two of them."""
        return {one.model_id: one.sought for one in (self, *self.others)}

    @property
    def names(self) -> tuple[str, ...]:
        """Everyone who is sought, each once."""
        return tuple(dict.fromkeys(one.name for sought in self.by_model.values() for one in sought))

    def without(self, name: str) -> "GalleryFile":
        """Return the gallery without a person, of whichever model."""
        return GalleryFile(
            self.model_id,
            tuple(one for one in self.sought if one.name != name),
            tuple(other.without(name) for other in self.others),
        )


class Refused(Struct, frozen=True, rename="camel"):
    """A photo that could not be used, and why."""

    photo: str
    code: str
    message: str


class Reference(Struct, frozen=True, rename="camel"):
    """A face found in a reference photo: rect x1, y1, x2, y2 in shares of the picture; `chip`: a small JPEG, base64."""

    photo: str
    rect: tuple[float, float, float, float]
    embedding: tuple[float, ...]
    chip: str


class FaceMatch(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A face in a photo or a frame that is near enough to someone sought.

    Attributes:
        photo: index in the task's photos; 0 for footage.
        name: of whom, as in the gallery.
        rect: x1, y1, x2, y2 in shares of the upright picture.
        taken_at: the picture's own time, seconds since the epoch, where it tells one.
        crop: small JPEG of the face in base64.
        model_id: of which model the distance is; None: of the result's.
    """

    photo: int
    name: str
    rect: tuple[float, float, float, float]
    distance: float
    taken_at: float | None = None
    place: Place | None = None
    crop: str | None = None
    model_id: str | None = None


class Encoded(Struct, frozen=True, rename="camel", tag="encoded", tag_field="type"):
    """The references of an `EncodeTask`; none when no photo showed a face.

    Attributes:
        model_id: of `references`: the worker's own.
        others: what its further models made, by model; of a photo's chips there is one.
        refused: the photos in which no model found a face.
    """

    task_id: str
    tag: str
    model_id: str
    references: tuple[Reference, ...]
    refused: tuple[Refused, ...] = ()
    others: dict[str, tuple[Reference, ...]] = {}

    @property
    def by_model(self) -> dict[str, tuple[Reference, ...]]:
        """What each model made, also one that found no face; the worker's own first."""
        return {self.model_id: self.references, **self.others}


class Matched(Struct, frozen=True, rename="camel", tag="matched", tag_field="type"):
    """What a `MatchTask` found, or a `FootageTask` so far: `last` is False while more of it will come.

    `passed_over` counts those in the gallery who were not looked for: no model of the worker's knows them.
    """

    task_id: str
    tag: str
    model_id: str
    matches: tuple[FaceMatch, ...]
    refused: tuple[Refused, ...] = ()
    last: bool = True
    passed_over: int = 0


class Failed(Struct, frozen=True, rename="camel", tag="failed", tag_field="type"):
    """A task that was given up: its retries are used up or it can never work."""

    task_id: str
    tag: str
    code: Literal["bad_task", "crashed", "too_slow", "too_big", "failed"]
    message: str


Result = Encoded | Matched | Offloaded | Failed
