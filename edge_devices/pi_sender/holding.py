"""Which files of a watched folder are left alone for a while: those that could not be sent. Sends nothing."""

from collections.abc import Iterable, Sequence

from edge_devices.backoff import Backoff
from edge_devices.pi_sender.folder import Waiting


class Holding:
    """Files by when they are tried again, so that one that is refused for good holds up no other.

    Args:
        first, limit: shortest and longest wait, seconds.
    """

    def __init__(self, *, first: float, limit: float) -> None:
        self._first = first
        self._limit = limit
        self._held: dict[Waiting, tuple[float, Backoff]] = {}

    def due(self, waiting: Sequence[Waiting], now: float) -> list[Waiting]:
        """Return those that may be tried now; one that changed is another file."""
        self._held = {file: self._held[file] for file in waiting if file in self._held}
        return [file for file in waiting if file not in self._held or self._held[file][0] <= now]

    def keep(self, files: Iterable[Waiting], now: float) -> None:
        """Leave files alone, each time for longer."""
        for file in files:
            backoff = self._held[file][1] if file in self._held else Backoff(first=self._first, limit=self._limit)
            self._held[file] = (now + backoff.next_wait(), backoff)
