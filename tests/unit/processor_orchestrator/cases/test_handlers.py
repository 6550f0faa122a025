"""How a case's budget is shown."""

import pytest

from processor_orchestrator.cases.handlers import case_view
from processor_orchestrator.domain.budget import Sensitivity
from processor_orchestrator.domain.case import Case


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, ("balanced", 3.0, None)),
        ({"sensitivity": Sensitivity.WIDE}, ("wide", 20.0, None)),
        ({"sensitivity": Sensitivity.WIDE, "false_candidates_per_day": 0.25}, (None, 0.25, None)),
        ({"sensitivity": Sensitivity.WIDE, "threshold": 0.45}, (None, None, 0.45)),
    ],
)
def test_what_holds_is_shown_and_nothing_else(asked, shown):
    view = case_view(Case(1, 0.0, 9.0, **asked), None, ())
    assert (view["sensitivity"], view["falseCandidatesPerDay"], view["threshold"]) == shown
