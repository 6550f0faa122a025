"""Sends batches to the cloudlet that the servers name and moves on when it dies. Knows no HTTP and no files."""

import time
from collections.abc import Callable
from typing import Protocol

from edge_devices.backoff import Backoff
from edge_devices.phone.cloudlet_link import CloudletAway
from edge_devices.phone.server_link import Address, ServersAway
from edge_devices.phone.zip_batches import Batch

LONGEST_PAUSE = 5.0


class NobodyTakes(Exception):
    """No cloudlet took a batch within the patience; the text says what was tried last."""


class Registry(Protocol):
    """The servers."""

    def join(self, gave_up: Address | None = None) -> Address | None:
        """Return the cloudlet to use instead of one that did not answer; None while none is alive."""


class Cloudlet(Protocol):
    """A cloudlet."""

    def upload(self, batch: Batch, *, with_location: bool, told: Callable[[int], None]) -> dict[str, object]:
        """Send a batch and return the answer."""

    def leave(self) -> bool:
        """Say goodbye."""


class Teller(Protocol):
    """Whoever watches."""

    def note(self, text: str) -> None:
        """Tell an event."""

    def uploading(self, batch: Batch, sent: int) -> None:
        """Tell how many bytes of a batch are on their way."""


class Sender:
    """One phone's visit: joins when it has something to send, leaves at the end.

    Args:
        connect: makes the link to a cloudlet.
        patience: seconds that one batch may wait for a cloudlet that takes it.
        now: monotonic clock, seconds.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        registry: Registry,
        connect: Callable[[Address], Cloudlet],
        teller: Teller,
        *,
        patience: float,
        with_location: bool = False,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._registry = registry
        self._connect = connect
        self._teller = teller
        self._patience = patience
        self._with_location = with_location
        self._now = now
        self._pause = pause
        self._cloudlet: Cloudlet | None = None
        self._address: Address | None = None
        self._gave_up: Address | None = None
        self._last_note = ""

    def deliver(self, batch: Batch) -> dict[str, object]:
        """Send a batch until a cloudlet answered for it.

        Raises:
            NobodyTakes: the patience is used up.
            BatchRefused, NotLetIn: there is no use in trying again.
        """
        give_up = self._now() + self._patience
        backoff = Backoff(first=0.5, limit=LONGEST_PAUSE)
        while True:
            try:
                cloudlet = self._joined()
                return cloudlet.upload(
                    batch, with_location=self._with_location, told=lambda sent: self._teller.uploading(batch, sent)
                )
            except CloudletAway as fault:
                why = f"the cloudlet {fault}; asking for another"
                self._cloudlet, self._gave_up = None, self._address
            except ServersAway as fault:
                why = f"no server answers ({fault})"
            except NoCloudlet:
                why = "the server knows no living cloudlet"
            wait = backoff.next_wait()
            if self._now() + wait > give_up:
                raise NobodyTakes(why)
            self._note_once(why)
            self._pause(wait)

    def _joined(self) -> Cloudlet:
        if self._cloudlet is None:
            address = self._registry.join(self._gave_up)
            self._gave_up = None
            if address is None:
                raise NoCloudlet
            self._address = address
            self._note_once(f"cloudlet {address.host}:{address.port}")
            self._cloudlet = self._connect(address)
        return self._cloudlet

    def _note_once(self, text: str) -> None:
        if text != self._last_note:
            self._teller.note(text)
            self._last_note = text

    def leave(self) -> None:
        """Say goodbye to the cloudlet, if there is one."""
        if self._cloudlet is not None:
            self._cloudlet.leave()
            self._cloudlet = None


class NoCloudlet(Exception):
    """The server answered that no cloudlet is alive."""
