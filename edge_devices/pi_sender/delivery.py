"""Sends a folder once: chooses the way of each file, tries again, and moves only what was received. Knows no HTTP."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_devices.backoff import Backoff
from edge_devices.pi_sender.folder import FileChanged, OpenFile, Outbox, Waiting
from edge_devices.pi_sender.progress import Progress
from edge_devices.pi_sender.receipts import NoReceipt, check_receipt
from edge_devices.pi_sender.receiver import Answer, CutOff, NotKnown, NotReached, Refused
from edge_devices.pi_sender.tus_link import NotOffered

CHECKSUM_REFUSED = "500"
"""A legacy receiver's word for bytes that were changed on their way: worth another try."""


class Forms(Protocol):
    """The legacy way."""

    def open(self) -> None:
        """Get a channel."""

    def close(self) -> None:
        """Forget it."""

    def send(self, file: OpenFile, *, left: int, told: Callable[[int], None]) -> Answer:
        """Send a file."""


class Resumable(Protocol):
    """The resumable way."""

    def send(self, file: OpenFile, *, told: Callable[[int], None]) -> Answer:
        """Send what is missing of a file."""


@dataclass(frozen=True)
class Patience:
    """How often a file is tried, and from which size on by the resumable way, bytes."""

    tries: int = 5
    resumable_from: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Report:
    """What became of a run: how many files were received, and which were not."""

    sent: int = 0
    kept: tuple[Waiting, ...] = ()


class Delivery:
    """One run through a folder.

    Args:
        key: the receiver's pinned key; None: signatures are not checked.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        forms: Forms,
        resumable: Resumable,
        progress: Progress,
        key: bytes | None,
        patience: Patience,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._outbox = outbox
        self._forms = forms
        self._resumable: Resumable | None = resumable
        self._progress = progress
        self._key = key
        self._patience = patience
        self._pause = pause
        self._told_unsigned = False
        self._there = 0

    def run(self, waiting: Sequence[Waiting], stopped: Callable[[], bool] = lambda: False) -> Report:
        """Send files and return what became of them.

        Raises:
            NotReached: there is no receiver.
            NotKnown: it does not know this Pi.
        """
        sent, kept = 0, []
        for number, file in enumerate(waiting):
            if stopped():
                break
            if self._deliver(file, left=len(waiting) - number):
                sent += 1
            else:
                kept.append(file)
        self._forms.close()
        return Report(sent, tuple(kept))

    def _deliver(self, waiting: Waiting, *, left: int) -> bool:
        """Send a file, move it, and return whether both were done; the text for people is printed here."""
        try:
            with self._outbox.open(waiting) as file:
                answer = self._send(file, left=left)
                file.check()
                self._check(file, answer)
            self._outbox.move(waiting)
        except (Refused, CutOff, NoReceipt, FileChanged, OSError) as fault:
            self._progress.line(f"{waiting.path} could not be sent")
            self._progress.note(f"  {fault}")
            return False
        self._progress.note(f"{waiting.path} sent")
        return True

    def _send(self, file: OpenFile, *, left: int) -> Answer:
        """Send a file as often as there is hope; a try that brought some of it there is not counted.

        Raises:
            CutOff, NotReached, Refused: there is none any more.
        """
        backoff, tries, known_anew, self._there = Backoff(first=0.5, limit=30.0), 0, False, 0
        while True:
            tries, there = tries + 1, self._there
            try:
                return self._send_once(file, left=left)
            except (CutOff, NotReached, Refused) as fault:
                self._forms.close()
                hopeless = isinstance(fault, Refused) and fault.code != CHECKSUM_REFUSED
                if self._there > there:
                    tries = 0
                    backoff.reset()
                if hopeless or tries >= self._patience.tries:
                    raise
                wait = backoff.next_wait()
                self._progress.note(f"{file.name}: {fault}; trying again in {wait:.1f} s")
                self._pause(wait)
            except NotKnown:
                # A channel may have died since its last file; a new one tells whether this Pi is known.
                if known_anew:
                    raise
                known_anew = True
                self._forms.close()

    def _send_once(self, file: OpenFile, *, left: int) -> Answer:
        def told(done: int) -> None:
            self._progress.sent(file.name, done, file.size)

        def kept(done: int) -> None:
            self._there = max(self._there, done)
            told(done)

        if self._resumable is not None and file.size >= self._patience.resumable_from:
            try:
                return self._resumable.send(file, told=kept)
            except NotOffered:
                self._resumable = None
                self._progress.note("the receiver has no resumable uploads: large files go by the legacy way")
        return self._forms.send(file, left=left, told=told)

    def _check(self, file: OpenFile, answer: Answer) -> None:
        """Return when the answer says that these bytes were received.

        Raises:
            NoReceipt: it does not.
        """
        receipt = answer.header("Receipt")
        if receipt is not None:
            check_receipt(receipt, sha256=file.sha256, size=file.size, key=self._key)
            if self._key is None and not self._told_unsigned:
                self._told_unsigned = True
                self._progress.note("receipts tell the right digests; signatures are checked only with --receipt-key")
        elif self._key is not None:
            raise NoReceipt("expected a receipt signed with the pinned key, got none")
        elif answer.text != "200":
            raise NoReceipt("expected a receipt for a resumable upload, got none")
