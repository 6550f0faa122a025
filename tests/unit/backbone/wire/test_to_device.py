"""Answers to devices, in both forms, within what a broker takes."""

import json

import pytest

from backbone.wire.offload import Offloaded
from backbone.wire.to_device import MOST_BYTES, OffloadAnswer, answer_of, as_json, as_text


def test_a_result_is_told_whole():
    result = Offloaded("t", "a", "runtime_error", "why", 3, None, "out", "err", True, 1.5, 0.5, 2048, True)
    assert json.loads(as_json(answer_of(result, "r"))) == {
        "requestId": "r",
        "status": "runtime_error",
        "message": "why",
        "exitCode": 3,
        "signal": None,
        "stdout": "out",
        "stderr": "err",
        "truncated": True,
        "wallMs": 1.5,
        "cpuMs": 0.5,
        "maxRssKiB": 2048,
        "cached": True,
    }


@pytest.mark.parametrize(
    ("out", "err"), [("\x01" * 400_000, "\x01" * 400_000), ("é" * 900_000, ""), ("", "x" * 2_000_000)]
)
def test_an_answer_that_is_too_large_is_cut_and_says_so(out, err):
    payload = as_json(OffloadAnswer(request_id="r", status="ok", stdout=out, stderr=err))
    told = json.loads(payload)
    assert len(payload) <= MOST_BYTES
    assert told["truncated"] is True
    assert out.startswith(told["stdout"])
    assert told["stdout"] or told["stderr"]
    assert len(as_text(OffloadAnswer(request_id=None, status="ok", stdout=out))) <= MOST_BYTES


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (OffloadAnswer(request_id=None, status="ok", stdout="7\n"), "7\n"),
        (OffloadAnswer(request_id=None, status="ok"), ""),
        (OffloadAnswer(request_id=None, status="timeout", message="too long"), "error: timeout: too long"),
        (OffloadAnswer(request_id=None, status="compile_error", stderr="a.c:1\nmore"), "error: compile_error: a.c:1"),
        (OffloadAnswer(request_id=None, status="memory"), "error: memory: no reason was told"),
    ],
)
def test_a_text_answer_is_the_output_or_one_line(answer, text):
    assert as_text(answer).decode() == text
