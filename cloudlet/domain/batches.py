"""Batches of phones' photos on their way through the comparison. Does not compare or store."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from backbone.errors import Unavailable
from backbone.wire.jobs import Photo


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender tells of its photos.

    Attributes:
        named: its own name for them: what comes again under it is done once.
        with_location: whether it opted in to telling where they were taken.
        device: what took them, where that is not the sender, such as a Pi's station.
        received_at: when they came in from there, seconds since the epoch; None: now.
    """

    named: str | None = None
    with_location: bool = False
    device: str = ""
    received_at: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Photos that came together.

    Attributes:
        batch_id: also the comparison's task id.
        waits_for: encodings that were under way when it came: who was sought then is looked for.
        begun: whether its comparison was handed to the workers, with who was sought at that moment.
        begun_at: when that was, seconds since the epoch.
        gallery: key of who was sought then.
        device: what took the photos; empty: the phone that sent them.
    """

    batch_id: str
    received_at: float
    photos: tuple[Photo, ...]
    waits_for: tuple[str, ...] = ()
    begun: bool = False
    begun_at: float = 0.0
    gallery: str = ""
    device: str = ""


class Batches:
    """All batches by id.

    Args:
        most: how many may wait; then phones are told to come again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._batches: dict[str, Batch] = {}

    def __len__(self) -> int:
        return len(self._batches)

    def load(self, batches: Iterable[Batch]) -> None:
        """Know exactly these."""
        self._batches = {batch.batch_id: batch for batch in batches}

    def get(self, batch_id: str) -> Batch | None:
        """Return a batch, None when it is not known."""
        return self._batches.get(batch_id)

    def check_room(self) -> None:
        """Refuse photos beyond the bound.

        Raises:
            Unavailable: too many batches wait.
        """
        if len(self._batches) >= self._most:
            raise Unavailable(f"expected at most {self._most} batches to wait, got one more; try again")

    def put(self, batch: Batch) -> None:
        """Know a batch."""
        self._batches[batch.batch_id] = batch

    def drop(self, batch_id: str) -> None:
        """Forget a batch."""
        self._batches.pop(batch_id, None)

    def galleries(self) -> set[str]:
        """Return the keys of the galleries that comparisons under way may still read."""
        return {batch.gallery for batch in self._batches.values() if batch.gallery}

    def ready(self, encoding: Collection[str]) -> list[Batch]:
        """Return the batches that can begin.

        Args:
            encoding: task ids of the encodings that are still under way.
        """
        return [
            batch for batch in self._batches.values() if not batch.begun and not set(batch.waits_for) & set(encoding)
        ]
