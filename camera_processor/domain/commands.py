"""What the orchestrator asked for, kept until the next moment between two frames. Not what it means for the faces."""

from collections import deque
from dataclasses import dataclass
from typing import Any

MAX_WAITING = 20_000


@dataclass(frozen=True, slots=True)
class SeekPicture:
    """Make out the person in a clean JPEG."""

    object_id: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class SeekBox:
    """Make out the person in a box of this camera."""

    object_id: int
    box_id: int


@dataclass(frozen=True, slots=True)
class Learn:
    """Seek an object by its feature map. Any: a feature map may be any JSON value."""

    object_id: int
    feature_map: Any
    model_id: str | None


@dataclass(frozen=True, slots=True)
class Judge:
    """Take distances up to `threshold` as hits of an object; None: as many strangers as this processor lets pass.

    The threshold is a distance of this processor's own model to the nearest reference. A face that is nearer to one of
    the `negatives`, (128,) each and of the model `model_id`, is no hit.
    """

    object_id: int
    threshold: float | None
    negatives: tuple[tuple[float, ...], ...] = ()
    model_id: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Seek an object no longer."""

    object_id: int


@dataclass(frozen=True, slots=True)
class ForgetAllBut:
    """Seek nothing but these objects: the others were closed while the orchestrator was out of reach."""

    object_ids: frozenset[int]


Command = SeekPicture | SeekBox | Learn | Judge | Forget | ForgetAllBut


class CommandList:
    """The commands that wait, oldest first; beyond the bound the oldest go and are counted."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: Command) -> None:
        """Keep one command."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append(command)

    def drain(self) -> list[Command]:
        """Return everything that waits and forget it."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting
