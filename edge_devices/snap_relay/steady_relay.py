"""Talks to a relay by one connection after the other: a lost relay is tried again for ever. Says nothing by itself."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from edge_devices.backoff import Backoff
from edge_devices.snap_relay.relay_link import Link, RelayAway

T = TypeVar("T")
Talk = Callable[[Link, threading.Event, Callable[[], None]], T]
"""A conversation: over this connection, until that is set; calls the third when the connection has held for a while."""


def talk_for_ever(
    connect: Callable[[], AbstractContextManager[Link]],
    talk: Talk[T],
    *,
    stop: threading.Event,
    note: Callable[[str], None],
) -> T | None:
    """Return what the first conversation that is not cut returns, None where `stop` was set before.

    Args:
        connect: opens a connection to the relay.
        note: tells a person what happens, a line at a time.
    """
    backoff = Backoff()
    while not stop.is_set():
        try:
            with connect() as link:
                return talk(link, stop, backoff.reset)
        except RelayAway as fault:
            wait = backoff.next_wait()
            note(f"relay away: {fault}; trying again in {wait:.1f} s")
            stop.wait(wait)
    return None
