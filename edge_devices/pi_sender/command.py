"""`python -m edge_devices.pi_sender SERVER DIR`: one run, or runs for as long as it is watched; the exit code."""

import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from edge_devices.backoff import Backoff
from edge_devices.pi_sender.delivery import Delivery, Report
from edge_devices.pi_sender.folder import Outbox, Waiting
from edge_devices.pi_sender.form_link import FormLink
from edge_devices.pi_sender.holding import Holding
from edge_devices.pi_sender.progress import Progress
from edge_devices.pi_sender.receiver import CutOff, NotKnown, NotReached, Receiver, Refused
from edge_devices.pi_sender.resume_notes import FILE, ResumeNotes
from edge_devices.pi_sender.sender_options import SenderOptions, read_options
from edge_devices.pi_sender.tus_link import TusLink

ALL_SENT, SOME_KEPT, NOT_REACHED, NOT_KNOWN = 0, 1, 3, 4
LONGEST_WAIT = 300.0
"""Seconds after which a file that could not be sent, or a receiver that is away, is tried again at the latest."""


def main() -> None:
    """Send as the arguments say."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # names of files are any bytes
    options, stop = read_options(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sys.exit(Sender(options).run(stop))


class Sender:
    """Everything that is needed for runs, joined."""

    def __init__(self, options: SenderOptions, progress: Progress | None = None) -> None:
        self._options = options
        self._progress = progress or Progress()
        self._receiver = Receiver(
            options.base, options.identity, ca_file=options.ca_file, answer_seconds=options.answer_seconds
        )
        self._forms = FormLink(self._receiver)
        self._outbox = Outbox(options.folder)
        self._notes = ResumeNotes(self._outbox.sent.parent / FILE, options.base)

    def run(self, stop: threading.Event) -> int:
        """Send until `stop` is set, or once, and return the exit code."""
        try:
            return self._once(stop) if self._options.watch is None else self._for_ever(self._options.watch, stop)
        finally:
            self._receiver.close()

    def _once(self, stop: threading.Event) -> int:
        waiting = self._outbox.waiting()
        self._tell_unread()
        try:
            report = self._send(waiting, stop)
        except NotReached:
            self._progress.line(f"{self._options.base} could not be reached")
            return NOT_REACHED
        except NotKnown:
            self._progress.line("Authentication failed")
            return NOT_KNOWN
        except (CutOff, Refused) as fault:  # it answers, but not as a receiver does
            self._progress.line(f"{self._options.base} could not be reached")
            self._progress.note(f"  {fault}")
            return NOT_REACHED
        return SOME_KEPT if report.kept or self._outbox.unread or stop.is_set() else ALL_SENT

    def _for_ever(self, seconds: float, stop: threading.Event) -> int:
        longest = max(LONGEST_WAIT, seconds)
        backoff, holding = Backoff(first=seconds, limit=longest), Holding(first=seconds, limit=longest)
        unread: list[Path] = []
        while not stop.is_set():
            wait = seconds
            waiting = holding.due(self._outbox.waiting(now=time.time()), time.monotonic())
            if self._outbox.unread != unread:
                unread = self._outbox.unread
                self._tell_unread()
            try:
                # While nothing waits, nobody is asked.
                report = self._send(waiting, stop) if waiting else Report()
            except NotKnown:
                self._progress.line("Authentication failed")
                return NOT_KNOWN
            except (NotReached, CutOff, Refused) as fault:
                self._progress.line(f"{self._options.base} could not be reached")
                wait = backoff.next_wait()
                self._progress.note(f"  {fault}; trying again in {wait:.0f} s")
            else:
                holding.keep(report.kept, time.monotonic())
                backoff.reset()
            stop.wait(wait)
        return ALL_SENT

    def _tell_unread(self) -> None:
        for folder in self._outbox.unread:
            self._progress.line(f"{folder} could not be sent")
            self._progress.note("  the folder cannot be read")

    def _send(self, waiting: Sequence[Waiting], stop: threading.Event) -> Report:
        """Send files; a receiver is asked who we are even when there are none, as legacy senders do."""
        self._forms.open()
        delivery = Delivery(
            outbox=self._outbox,
            forms=self._forms,
            resumable=TusLink(self._receiver, self._notes),
            progress=self._progress,
            key=self._options.key,
            patience=self._options.patience,
            pause=stop.wait,
        )
        return delivery.run(waiting, stop.is_set)
