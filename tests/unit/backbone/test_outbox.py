"""What waits for one peer: order, bounds, and what goes first when it is too much."""

import pytest

from backbone.outbox import Outbox, PeerTooSlow


def drained(outbox):
    taken = []
    while (item := outbox.take()) is not None:
        taken.append(item[0])
    return taken


def test_messages_leave_in_the_order_in_which_they_came():
    outbox = Outbox()
    outbox.put_command(b"c1")
    outbox.put_frame(b"f1")
    outbox.put_command(b"c2")
    outbox.put_frame(b"f2")
    assert len(outbox) == 4
    assert [outbox.take() for _ in range(5)] == [(b"c1", True), (b"f1", False), (b"c2", True), (b"f2", False), None]


def test_the_oldest_frames_are_dropped_and_counted():
    outbox = Outbox(max_frames=3)
    for number in range(10):
        outbox.put_frame(b"f%d" % number)
    assert outbox.dropped_frames == 7
    assert drained(outbox) == [b"f7", b"f8", b"f9"]


def test_commands_are_never_dropped_for_frames():
    outbox = Outbox(max_frames=2, max_commands=3)
    for number in range(3):
        outbox.put_command(b"c%d" % number)
        outbox.put_frame(b"f%d" % number)
    assert drained(outbox) == [b"c0", b"c1", b"f1", b"c2", b"f2"]


def test_a_peer_with_too_many_commands_is_too_slow_and_keeps_what_it_has():
    outbox = Outbox(max_commands=2)
    outbox.put_command(b"c1")
    outbox.put_command(b"c2")
    with pytest.raises(PeerTooSlow, match="2 messages of 4 bytes"):
        outbox.put_command(b"c3")
    assert drained(outbox) == [b"c1", b"c2"]


def test_a_peer_with_too_many_bytes_of_commands_is_too_slow_until_it_takes_some():
    outbox = Outbox(max_command_bytes=10)
    outbox.put_command(b"123456")
    with pytest.raises(PeerTooSlow):
        outbox.put_command(b"12345")
    outbox.take()
    outbox.put_command(b"1234567890")


def test_what_could_not_be_sent_comes_before_everything_else_whatever_the_bound():
    outbox = Outbox(max_commands=1)
    outbox.put_command(b"c1")
    outbox.put_frame(b"f1")
    failed, _ = outbox.take()
    outbox.put_command(b"c2")
    outbox.put_back(failed)
    assert drained(outbox) == [b"c1", b"f1", b"c2"]


def test_the_last_put_back_is_the_first_to_leave():
    outbox = Outbox()
    outbox.put_back(b"second")
    outbox.put_back(b"first")
    assert drained(outbox) == [b"first", b"second"]
