"""Conversations with a relay, one connection after the other."""

import threading
from contextlib import contextmanager

from edge_devices.snap_relay.relay_link import RelayAway
from edge_devices.snap_relay.steady_relay import talk_for_ever


class Stop(threading.Event):
    """A signal whose waits are noted and not waited for; is set by itself after some."""

    def __init__(self, most=100):
        super().__init__()
        self.waits = []
        self._most = most

    def wait(self, timeout=None):
        self.waits.append(timeout)
        if len(self.waits) >= self._most:
            self.set()
        return self.is_set()


@contextmanager
def line():
    yield object()


def away():
    raise RelayAway("gone")


def test_a_relay_that_is_away_is_tried_again_later_and_later_and_each_wait_is_told():
    stop, notes = Stop(most=12), []
    assert talk_for_ever(away, lambda *_: "never", stop=stop, note=notes.append) is None
    assert stop.waits[0] <= 0.5 < stop.waits[3] < stop.waits[-1] <= 15
    assert notes[0] == f"relay away: gone; trying again in {stop.waits[0]:.1f} s"


def test_a_conversation_that_is_cut_is_begun_anew_and_one_that_ends_tells_what_it_found():
    ends = [RelayAway("cut"), RelayAway("cut"), "found"]

    def talk(*_):
        if isinstance(end := ends.pop(0), RelayAway):
            raise end
        return end

    assert talk_for_ever(line, talk, stop=Stop(), note=lambda _: None) == "found"
    assert ends == []


def test_a_connection_that_held_makes_the_next_wait_short_again():
    stop = Stop(most=8)

    def talk(_link, _stop, held):
        held()
        raise RelayAway("cut")

    talk_for_ever(line, talk, stop=stop, note=lambda _: None)
    assert max(stop.waits) <= 0.5


def test_nothing_is_connected_once_it_is_stopped():
    stop = Stop()
    stop.set()
    assert talk_for_ever(away, lambda *_: "never", stop=stop, note=lambda _: None) is None
    assert stop.waits == []
