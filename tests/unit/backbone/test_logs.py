"""Logs: one JSON object a line, without secrets, pictures or local variables."""

import io
import json
import logging
import sys

import pytest
import structlog

from backbone import logs


@pytest.fixture
def logged(monkeypatch):
    """Return what was logged so far; undone at the end."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    logs.configure("info", role="sample")
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.reset_defaults()
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def fail_with_secrets():
    password = "hunter2"  # noqa: F841 - this is what must not be told
    picture = b"JFIF" * 100  # noqa: F841
    raise ValueError("a fault")


def test_an_event_is_one_line_with_its_fields(logged):
    structlog.get_logger().info("happened", camera="a\nb", count=3)
    (event,) = logged()
    assert (event["event"], event["level"], event["role"]) == ("happened", "info", "sample")
    assert (event["camera"], event["count"]) == ("a\nb", 3)
    assert event["timestamp"].endswith("Z")


def test_events_below_the_level_are_left_out(logged):
    structlog.get_logger().debug("detail")
    assert logged() == []


@pytest.mark.parametrize("name", sorted(logs.SECRET_FIELDS))
def test_secret_fields_are_hidden(logged, name):
    structlog.get_logger().info("happened", **{name: "hunter2"})
    (event,) = logged()
    assert event[name] == "(hidden)"


def test_a_traceback_is_told_without_local_variables(logged):
    try:
        fail_with_secrets()
    except ValueError:
        structlog.get_logger().exception("failed")
    (event,) = logged()
    text = json.dumps(event)
    assert "fail_with_secrets" in text
    assert "a fault" in text
    assert "hunter2" not in text
    assert "JFIF" not in text


def test_a_librarys_words_and_tracebacks_have_the_same_form(logged):
    try:
        fail_with_secrets()
    except ValueError:
        logging.getLogger("library").exception("went %s", "wrong")
    (event,) = logged()
    text = json.dumps(event)
    assert (event["event"], event["role"], event["level"]) == ("went wrong", "sample", "error")
    assert "fail_with_secrets" in text
    assert "hunter2" not in text


def test_a_librarys_chatter_is_left_out(logged):
    logging.getLogger("library").info("chatter")
    assert logged() == []
