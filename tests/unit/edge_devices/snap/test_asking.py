"""What a person is told of a snap: by the relay's summary, or by those that answered."""

import json

from edge_devices.snap.asking import ask
from edge_devices.snap_relay import words


class Talk:
    """A relay that answers a request by a function."""

    def __init__(self, answers):
        self._answers = answers
        self._waiting = []
        self.now = 0.0

    def send(self, text):
        self._waiting = self._answers(json.loads(text)["snapId"])

    def receive(self, seconds):
        if self._waiting:
            return self._waiting.pop(0)
        self.now += seconds
        return None


def asked(answers):
    talk = Talk(answers)
    return ask(talk, "roof", 5.0, now=lambda: talk.now)


def test_a_summary_ends_the_waiting_and_is_told_by_device():
    rows = [{"deviceId": "a\x1b[2J", "state": "uploaded", "sha256": "0f", "seconds": 1.25}, {"deviceId": "b"}, 5]
    outcome = asked(lambda i: ["stop", json.dumps({"type": "summary", "snapId": i, "devices": rows})])
    assert [row.line() for row in outcome.rows] == ["a?[2J  uploaded  1.2 s  sha256 0f", "b  failed"]
    assert (outcome.whole, outcome.complete) == (True, False)


def test_without_a_summary_those_that_answered_are_known():
    outcome = asked(lambda i: [words.taken(i, "a", "0f"), words.uploaded(i, "a", "0f"), words.taken("other", "b", "1")])
    assert ([(row.device, row.state) for row in outcome.rows], outcome.whole) == ([("a", "uploaded")], False)
    assert outcome.complete
    assert not asked(lambda _: []).complete


def test_a_refusal_is_told():
    outcome = asked(lambda _: [json.dumps({"type": "error", "replyTo": "snap", "message": "unknown"})])
    assert (outcome.refusal, outcome.complete) == ("unknown", False)
