"""Answers in the form of their request."""

import json

import pytest

from backbone.wire.jobs import Encoded, Failed
from backbone.wire.offload import Offloaded
from mqtt_gateway.domain.answers import answer_to, payload_of, refusal_to
from mqtt_gateway.domain.open_request import Address

TEXT, JSON, NAMELESS = Address("result/a"), Address("result/a", "r"), Address("result/a", "")


def test_a_refusal_is_one_line_of_text_or_json_with_the_id_that_is_known():
    assert payload_of(refusal_to(TEXT, "why"), TEXT) == b"error: rejected: why"
    for address, request_id in ((JSON, "r"), (NAMELESS, None)):
        told = json.loads(payload_of(refusal_to(address, "why"), address))
        assert (told["requestId"], told["status"], told["message"]) == (request_id, "rejected", "why")


def test_a_result_is_the_output_in_text_and_everything_in_json():
    result = Offloaded("t", "a", "ok", stdout="7\n", cached=True)
    assert payload_of(answer_to(TEXT, result), TEXT) == b"7\n"
    told = json.loads(payload_of(answer_to(JSON, result), JSON))
    assert (told["requestId"], told["stdout"], told["cached"]) == ("r", "7\n", True)


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        (Failed("t", "a", "too_slow", "why"), "timeout", "why"),
        (Failed("t", "a", "too_big", "why"), "memory", "why"),
        (Failed("t", "a", "crashed", "why"), "rejected", "why"),
        (Encoded("t", "a", "m", ()), "rejected", "expected the result of an offload task, got Encoded"),
    ],
)
def test_a_task_without_a_result_of_its_own_is_answered_all_the_same(result, status, message):
    answer = answer_to(JSON, result)
    assert (answer.status, answer.message) == (status, message)
