"""What comes in: one task. Runs it and writes its result; knows no queue."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from backbone.errors import BadInput, SearchlightError
from backbone.wire.jobs import (
    Encoded,
    EncodeTask,
    FaceMatch,
    Failed,
    FootageTask,
    GalleryFile,
    Matched,
    MatchTask,
    Photo,
    Reference,
    Refused,
    Result,
    Task,
)
from job_workers.photos.footage import Look, looks, path_below
from job_workers.photos.photo_reader import PhotoRead, read_photo
from job_workers.photos.photo_search import Looking, PhotoSearch, PhotoSearches
from job_workers.queues.task_text import Progress

LOOKS_A_PART = 50
"""After so many looks, what was found so far is told."""
SOUGHT_SECONDS = 2.0
"""So often footage looks up who is still sought, and tells how far it is."""
MOST_REFUSED = 100


class Store(Protocol):
    """Where pictures and galleries come from and results go; `job_workers.queues.results.ResultStore` is one."""

    def is_done(self, task_id: str) -> bool:
        """Return whether a task's last result was written."""

    def write(self, reply: str, result: Result, *, part: int | None = None, drop: tuple[str, ...] = ()) -> bool:
        """Write a result once."""

    def blob(self, key: str) -> bytes | None:
        """Return a picture."""

    def gallery(self, key: str) -> GalleryFile | None:
        """Return a gallery."""


class TaskHandler:
    """Runs tasks, one at a time.

    Args:
        longest_side: photos are looked at no larger, pixels.
        footage_folder: tasks name footage below it.
        now: monotonic clock, seconds.
    """

    def __init__(
        self,
        store: Store,
        searches: PhotoSearches,
        *,
        longest_side: int,
        footage_folder: Path,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._searches = searches
        self._longest_side = longest_side
        self._footage_folder = footage_folder
        self._now = now

    def run(self, task: Task, progress: Progress) -> None:
        """Run one task and write its result, unless that was done before.

        Raises:
            redis.RedisError: Redis is away; the task may be run again.
        """
        if self._store.is_done(task.task_id):
            return
        try:
            self._run(task, progress)
        except SearchlightError as fault:  # trying again would not help
            failed = Failed(task_id=task.task_id, tag=task.tag, code="bad_task", message=fault.message)
            self._store.write(task.reply, failed, drop=self._spent(task))

    def _run(self, task: Task, progress: Progress) -> None:
        match task:
            case EncodeTask():
                self._encode(task, progress)
            case MatchTask():
                self._match(task, progress)
            case FootageTask():
                self._look_through(task, progress)

    def _encode(self, task: EncodeTask, progress: Progress) -> None:
        searches = self._searches.wanted(task.models)
        made: dict[str, list[Reference]] = {search.model_id: [] for search in searches}
        refused = []
        for number, photo in enumerate(task.photos, start=1):
            try:
                for reference, model in self._references(photo, searches):
                    made[model].append(reference)
            except BadInput as fault:
                refused.append(Refused(photo=photo.name, code=fault.code, message=fault.message))
            progress(number, len(task.photos))
        own, *others = ((model, tuple(references)) for model, references in made.items())
        result = Encoded(
            task_id=task.task_id,
            tag=task.tag,
            model_id=own[0],
            references=own[1],
            refused=tuple(refused),
            others=dict(others),
        )
        self._store.write(task.reply, result, drop=self._spent(task))

    def _references(self, photo: Photo, searches: Iterable[PhotoSearch]) -> list[tuple[Reference, str]]:
        """Return what each model makes of a photo in which it finds a face; the first of them brings the chip.

        Raises:
            BadInput: it is no picture, or no model finds a face in it.
        """
        picture, found, faults = self._photo(photo).picture, list[tuple[Reference, str]](), []
        for search in searches:
            try:
                reference = search.reference(photo.name, picture)
            except BadInput as fault:
                faults.append(fault)
            else:
                found.append((msgspec.structs.replace(reference, chip="") if found else reference, search.model_id))
        if not found:
            raise faults[0]
        return found

    def _match(self, task: MatchTask, progress: Progress) -> None:
        looking, found, refused = self._looking(task.gallery), list[FaceMatch](), []
        for index, photo in enumerate(task.photos):
            try:
                found += looking.matches(index, self._photo(photo), with_place=photo.with_location)
            except BadInput as fault:
                refused.append(Refused(photo=photo.name, code=fault.code, message=fault.message))
            progress(index + 1, len(task.photos))
        self._store.write(task.reply, self._matched(task, found, looking, refused=refused))

    def _look_through(self, task: FootageTask, progress: Progress) -> None:
        path = path_below(self._footage_folder, task.path)
        refused, waiting, part = list[Refused](), list[FaceMatch](), 0

        def damaged(name: str, fault: BadInput) -> None:
            if len(refused) < MOST_REFUSED:
                refused.append(Refused(photo=name, code=fault.code, message=fault.message))

        looking, read_at = self._looking(task.gallery), self._now()
        every = looks(path, began_at=task.began_at, every_seconds=task.every_seconds, damaged=damaged)
        for count, look in enumerate(every, start=1):
            if self._now() - read_at > SOUGHT_SECONDS:  # a case may be closed in the hours that this takes
                looking, read_at = self._looking(task.gallery), self._now()
                progress(look.number, look.of)
            if not looking.anybody:
                break
            waiting += self._seen(look, looking)
            if count % LOOKS_A_PART == 0:
                part += 1
                if waiting:
                    self._store.write(task.reply, self._matched(task, waiting, looking, last=False), part=part)
                    waiting = []
        self._store.write(task.reply, self._matched(task, waiting, looking, refused=refused))

    @staticmethod
    def _seen(look: Look, looking: Looking) -> list[FaceMatch]:
        return looking.matches(0, PhotoRead(look.picture, taken_at=look.taken_at), with_place=False)

    def _matched(
        self,
        task: Task,
        found: Iterable[FaceMatch],
        looking: Looking,
        *,
        refused: Iterable[Refused] = (),
        last: bool = True,
    ) -> Matched:
        return Matched(
            task_id=task.task_id,
            tag=task.tag,
            model_id=self._searches.model_id,
            matches=tuple(found),
            refused=tuple(refused),
            last=last,
            passed_over=looking.passed_over,
        )

    def _photo(self, photo: Photo) -> PhotoRead:
        raw = self._store.blob(photo.key)
        if raw is None:
            raise BadInput("expected the photo's bytes in Redis, found none: it waited too long", code="photo_gone")
        return read_photo(raw, longest_side=self._longest_side)

    def _looking(self, key: str) -> Looking:
        """Return a gallery; it is not kept for the next task, for a case may be closed in between."""
        gallery = self._store.gallery(key)
        if gallery is None:
            raise BadInput("expected the gallery in Redis, found none: the task waited too long", code="bad_task")
        return self._searches.looking(gallery)

    @staticmethod
    def _spent(task: Task) -> tuple[str, ...]:
        return tuple(photo.key for photo in task.photos) if isinstance(task, EncodeTask) else ()
