"""Requests of small devices in JSON: what is one, and what a refusal can say of one that is not."""

import json

import pytest

from backbone.wire.from_device import MAX_BYTES, OffloadRequest, Refusal, read
from backbone.wire.offload import Limits


def test_a_request_is_read_whole():
    told = {"requestId": "r", "program": "add", "args": ["1"], "stdin": "in", "limits": {"memoryMb": 64}}
    assert read(json.dumps(told).encode()) == OffloadRequest(
        request_id="r", program="add", args=("1",), stdin="in", limits=Limits(memory_mb=64)
    )


@pytest.mark.parametrize(
    ("raw", "request_id", "reason"),
    [
        (b"{", None, "expected JSON"),
        (b"[]", None, "request: "),
        (b"{}", None, "requestId"),
        (b'{"requestId": 7, "program": "p"}', None, "requestId"),
        (b'{"requestId": "a b", "program": "p"}', None, "requestId"),
        (b'{"requestId": "r", "requestId": "s"}', None, "twice"),
        (b'{"requestId": "r"}', "r", "either 'program' or 'files'"),
        (b'{"requestId": "r", "program": "p", "build": "b"}', "r", "build: "),
        (b'{"requestId": "r", "program": "p", "limits": {"cpuSeconds": 0}}', "r", "above 0"),
        (b'{"requestId": "' + b"r" * MAX_BYTES + b'"}', None, "at most"),
    ],
)
def test_what_is_no_request_is_refused_with_the_id_that_it_has(raw, request_id, reason):
    refusal = read(raw)
    assert isinstance(refusal, Refusal)
    assert refusal.request_id == request_id
    assert reason in refusal.reason
