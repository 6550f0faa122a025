"""What a device takes for an order."""

import json

import pytest

from edge_devices.snap_relay import words
from edge_devices.snap_relay.words import Order, order_in


def order(text):
    return order_in(text, "roof-2", ("roof", "north"))


def test_the_plain_word_and_the_message_are_orders():
    assert order("snap") == Order(legacy=True)
    for to in ("all", "roof-2", "roof"):
        assert order(words.snap("7", to, 20)) == Order("7", 20.0)
    assert order(json.dumps({"type": "snap", "to": "all", "snapId": "7", "legacy": True})) == Order("7", 10.0, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stop",
        "Ready for capture",
        "{",
        "[" * 100_000,
        "{" * 60_000,
        words.snap("7", "attic", 5),
        words.snap("7", "roof-1", 5),
        words.hello("roof-2", ()),
        json.dumps({"type": "snap", "to": "all"}),
        json.dumps({"type": "snap", "to": "all", "snapId": 7}),
        json.dumps({"type": "snap", "to": "all", "snapId": "7", "deadlineSeconds": True}),
        json.dumps({"type": "snap", "to": "all", "snapId": "x" * 70_000}),
    ],
)
def test_whatever_else_comes_is_no_order(text):
    assert order(text) is None


def test_deadlines_are_kept_within_reason():
    assert order(words.snap("7", "all", 1e9)).seconds == 120.0
    assert order(words.snap("7", "all", -5)).seconds == 0.5
