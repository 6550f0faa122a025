"""For other programs: wait for a snap, and say that a scan is complete. Takes no picture."""

import threading
from collections.abc import Callable

from edge_devices.snap_relay import words
from edge_devices.snap_relay.relay_link import Link, RelayLink
from edge_devices.snap_relay.steady_relay import talk_for_ever

LISTEN_SECONDS = 1.0


def wait_for_snap(url: str, token: str | None = None) -> bool:
    """Say that a camera is ready, wait until somebody says `snap`, and return True.

    A lost relay is tried again for ever, so this returns only when there was a snap for everybody.
    """
    heard = talk_for_ever(lambda: RelayLink(url, token), _heard, stop=threading.Event(), note=lambda _: None)
    return heard is True


def _heard(link: Link, _stop: threading.Event, held: Callable[[], None]) -> bool:
    link.send(words.READY)
    while True:
        text = link.receive(LISTEN_SECONDS)
        if text is None:
            held()
        elif words.order_in(text, words.ALL, ()) is not None:
            return True


def say_stop(url: str, token: str | None = None) -> None:
    """Say by a short connection that a scan is complete.

    Raises:
        RelayAway: nobody heard it.
    """
    with RelayLink(url, token) as link:
        link.send(words.STOP)
