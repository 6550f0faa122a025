"""What may be asked for when old footage is to be looked through."""

import pytest

from backbone.errors import BadInput
from processor_orchestrator.footage.form import FootageForm, read_form

NOW = 1_700_000_000.0


def test_a_path_is_enough():
    assert read_form({"path": "card-7"}, now=NOW) == FootageForm("card-7", "footage card-7", None, 0.5)
    assert len(read_form({"path": "x" * 500}, now=NOW).camera) == 100


def test_all_that_can_be_said():
    asked = {"path": "a/b.mp4", "camera": "trail north", "beganAt": "2023-11-14T22:13:00+00:00", "everySeconds": 2}
    assert read_form(asked, now=NOW) == FootageForm("a/b.mp4", "trail north", 1_699_999_980.0, 2.0)
    assert read_form({"path": ".", "beganAt": 5}, now=NOW).began_at == 5.0
    assert read_form({"path": ".", "beganAt": "1970-01-01T00:00:07"}, now=NOW).began_at == 7.0


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        "card",
        {},
        {"path": ""},
        {"path": 7},
        {"path": "/etc"},
        {"path": "../secret"},
        {"path": "card/../../secret"},
        {"path": "a\0b"},
        {"path": "a\nb"},
        {"path": "x" * 501},
        {"path": "card", "folder": "other"},
        {"path": "card", "camera": " "},
        {"path": "card", "camera": "x" * 101},
        {"path": "card", "camera": "a\u202eb"},
        {"path": "card", "beganAt": NOW + 1},
        {"path": "card", "beganAt": -1},
        {"path": "card", "beganAt": True},
        {"path": "card", "beganAt": "yesterday"},
        {"path": "card", "beganAt": "9999-12-31T23:59:59+00:00"},
        {"path": "card", "everySeconds": 0},
        {"path": "card", "everySeconds": 3601},
        {"path": "card", "everySeconds": 10**400},
        {"path": "card", "everySeconds": "1"},
    ],
)
def test_anything_else_is_refused(asked):
    with pytest.raises(BadInput, match="expected"):
        read_form(asked, now=NOW)
