"""Pis that asked to be let in and wait for a line in ids.txt. Lets nobody in; forgets them at a restart."""

from collections.abc import Mapping
from dataclasses import dataclass

from backbone.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asked: the line that would let it in, from which address, when (seconds since the epoch)."""

    pi_id: str
    pi_num: str
    address: str
    asked_at: float


class Applicants:
    """Everybody who waits.

    Args:
        most: of all; further ones are turned away.
        most_of_one: from one address.
        seconds: after which one who did not ask again is forgotten.
    """

    def __init__(self, *, most: int = 100, most_of_one: int = 10, seconds: float = 7 * 86_400.0) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._seconds = seconds
        self._waiting: dict[str, Applicant] = {}

    def ask(self, applicant: Applicant) -> None:
        """Note who asks; asking again counts once.

        Raises:
            Unavailable: too many wait.
        """
        now = applicant.asked_at
        self._waiting = {pi: other for pi, other in self._waiting.items() if now - other.asked_at < self._seconds}
        others: Mapping[str, Applicant] = {pi: one for pi, one in self._waiting.items() if pi != applicant.pi_id}
        of_one = sum(other.address == applicant.address for other in others.values())
        if len(others) >= self._most or of_one >= self._most_of_one:
            raise Unavailable("expected fewer Pis that wait to be let in, got one more; try again later")
        self._waiting[applicant.pi_id] = applicant

    def let_in(self, pi_id: str) -> None:
        """Forget one who is listed now."""
        self._waiting.pop(pi_id, None)

    def all(self) -> list[Applicant]:
        """Return who waits, the first first."""
        return sorted(self._waiting.values(), key=lambda one: one.asked_at)
