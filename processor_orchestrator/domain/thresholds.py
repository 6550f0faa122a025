"""How near a face must be to show a case, for each model: what it states, or what its budget leaves. Tells nobody.

A budget is what people can look at in a day: all open cases share it, so that each has its own number of false
candidates divided by how many cases are open.
"""

from backbone.face_models.laws import same_strangers
from processor_orchestrator.domain import budget
from processor_orchestrator.domain.budget import distance_of
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases

_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


class Thresholds:
    """The largest distances at which faces speak for the open cases.

    Args:
        cases: the open ones, read only.
        faces_per_day: persons that all cameras, phones and footage show in a day, a track or a photo each.
    """

    def __init__(self, cases: OpenCases, *, faces_per_day: float) -> None:
        self._cases = cases
        self._faces_per_day = faces_per_day

    @property
    def shared_by(self) -> int:
        """By how many cases a budget is divided: as many as are open, above 10 the next round number.

        So what was told of all cases holds for a while when one more is opened, and never shows more than was asked.
        """
        return shares(len(self._cases))

    def of(self, case: Case, likeness: Likeness) -> float | None:
        """Return the distance for a case as a model knows it; None: whoever compares has a default.

        A stated distance is one of dlib's model; for another one it is what lets as many strangers pass.
        """
        if case.threshold is not None:
            return same_strangers(case.threshold, to=likeness.model)
        rate = case.false_candidates / (self._faces_per_day * self.shared_by)
        return distance_of(rate, likeness.model, references=len(likeness.references))

    def strangers_among(self, distance: float | None, case_id: int, model: str | None) -> int | None:
        """Return of how many such candidates about one is a stranger, see `budget.strangers_among`; None: unknown.

        Args:
            model: of the distance; None: its sender did not name it.
        """
        case = self._cases.get(case_id)
        likeness = None if case is None or not model else case.likeness(model)
        if distance is None or likeness is None:
            return None
        return budget.strangers_among(
            distance, likeness.model, references=len(likeness.references), faces_per_day=self._faces_per_day
        )


def shares(cases: int) -> int:
    """Return the number of cases, above 10 the next of 12, 15, 20, 25, 30, 40, 50, 60, 80, 100 and so on."""
    if cases <= 10:
        return max(cases, 1)
    tens: int = 10 ** (len(str(cases)) - 1)
    return next(round(step * tens) for step in _STEPS if round(step * tens) >= cases)
