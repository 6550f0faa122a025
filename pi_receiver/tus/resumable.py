"""One resumable upload: how far it is, and whose turn it is to work on it. Touches no disk by itself."""

import asyncio
from collections.abc import Callable

from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import Busy
from pi_receiver.storage.ledger import Unfinished
from pi_receiver.storage.part_file import PartFile

CUT_SECONDS = 10.0


class Resumable:
    """One upload.

    Attributes:
        turn: held by the one request that works on it.
    """

    def __init__(self, noted: Unfinished, file: PartFile) -> None:
        self.file = file
        self.turn = asyncio.Lock()
        self._noted = noted
        self._cut: Callable[[], None] | None = None

    @property
    def noted(self) -> Unfinished:
        """What the ledger says of it."""
        return self._noted

    @property
    def whole(self) -> bool:
        """Whether every byte came."""
        return self.file.offset == self._noted.length

    @property
    def missing(self) -> int:
        """How many bytes did not come yet."""
        return self._noted.length - self.file.offset

    @property
    def owner(self) -> Identity:
        """Whose it is."""
        return Identity(self._noted.pi, self._noted.station)

    def note(self, noted: Unfinished) -> None:
        """Take over what was put into the ledger."""
        self._noted = noted

    async def take_turn(self) -> None:
        """Wait for the turn; a request that holds it and waits for its body is ended.

        Raises:
            Busy: it did not end in time.
        """
        if self.turn.locked() and self._cut is not None:
            self._cut()
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await self.turn.acquire()
        except TimeoutError:
            raise Busy("expected one request at a time, got two") from None

    def may_be_cut(self, cut: Callable[[], None] | None) -> None:
        """Say how the request that holds the turn is ended; None: it ends by itself, having no body to wait for."""
        self._cut = cut

    def give_turn_back(self) -> None:
        """Let the next request work on it."""
        self.turn.release()
