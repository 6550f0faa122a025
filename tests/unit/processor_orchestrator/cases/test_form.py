"""What an operator may say of a case."""

import pytest

from backbone.errors import BadInput
from processor_orchestrator.cases.form import CaseForm, read_form
from processor_orchestrator.domain.budget import Sensitivity

NOW = 1_700_000_000.0


def read(**fields):
    return read_form(fields, now=NOW, timeout=100.0)


def test_a_name_is_enough():
    assert read(name=" Anna ") == CaseForm("Anna", None, None, NOW + 100.0)


def test_everything_that_can_be_said():
    told = read(name="Anna", threshold="0.45", purpose="missing since noon", expires="3600")
    assert told == CaseForm("Anna", 0.45, "missing since noon", NOW + 3600)
    assert read(name="Anna", mqtt="yes") == CaseForm("Anna", None, None, NOW + 100.0, mqtt=True)
    both = CaseForm("Anna", None, None, NOW + 100.0, mqtt=True, mqtt_crops=True)
    assert read(name="Anna", mqtt="On", mqttCrops="1") == both


def test_a_budget_is_a_word_or_a_number():
    assert read(name="Anna").sensitivity is Sensitivity.BALANCED
    assert read(name="Anna", sensitivity="Strict").sensitivity is Sensitivity.STRICT
    told = read(name="Anna", sensitivity="wide", falseCandidatesPerDay="0.25", threshold="0.5")
    assert (told.sensitivity, told.false_candidates_per_day, told.threshold) == (Sensitivity.WIDE, 0.25, 0.5)


@pytest.mark.parametrize("text", ["2023-11-14T22:14:20Z", "2023-11-14T22:14:20", "2023-11-15T00:14:20+02:00"])
def test_an_end_may_be_a_time(text):
    assert read(name="Anna", expires=text).expires_at == NOW + 60


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "  "},
        {"name": "x" * 201},
        {"name": "two\nlines"},
        {"name": "right\u202eto left"},
        {"name": "a", "purpose": "x" * 1_001},
        {"name": "a", "mqtt": "perhaps"},
        {"name": "a", "mqttCrops": "yes"},
        {"name": "a", "mqtt": "no", "mqttCrops": "yes"},
        *(
            {"name": "a", "threshold": text}
            for text in ("0", "-1", "1.01", "nan", "inf", "1e-1", "1_0", "near", "\u0661")
        ),
        {"name": "a", "sensitivity": "loose"},
        *({"name": "a", "falseCandidatesPerDay": text} for text in ("0", "0.0009", "1001", "-1", "nan", "few")),
        *({"name": "a", "expires": text} for text in ("0", "-5", "nan", "soon", "99999999", "2001-01-01T00:00:00Z")),
    ],
)
def test_everything_else_is_refused(fields):
    with pytest.raises(BadInput, match="expected"):
        read(**fields)
