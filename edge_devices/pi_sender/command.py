"""`python -m edge_devices.pi_sender SERVER DIR`: one run, or runs for as long as it is watched; the exit code."""

import signal
import sys
import threading
import time

from edge_devices.backoff import Backoff
from edge_devices.pi_sender.delivery import Delivery, Report
from edge_devices.pi_sender.folder import Outbox
from edge_devices.pi_sender.form_link import FormLink
from edge_devices.pi_sender.progress import Progress
from edge_devices.pi_sender.receiver import CutOff, NotKnown, NotReached, Receiver, Refused
from edge_devices.pi_sender.resume_notes import FILE, ResumeNotes
from edge_devices.pi_sender.sender_options import SenderOptions, read_options
from edge_devices.pi_sender.tus_link import TusLink

ALL_SENT, SOME_KEPT, NOT_REACHED, NOT_KNOWN = 0, 1, 3, 4
SETTLED_SECONDS = 2.0
"""While the folder is watched, a file that was written to since is left for the next look."""


def main() -> None:
    """Send as the arguments say."""
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
        try:
            report = self._send(stop, settled_before=None)
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
        return ALL_SENT if report.kept == 0 and not stop.is_set() else SOME_KEPT

    def _for_ever(self, seconds: float, stop: threading.Event) -> int:
        backoff = Backoff(first=seconds, limit=max(300.0, seconds))
        while not stop.is_set():
            wait = seconds
            try:
                report = self._send(stop, settled_before=time.time() - SETTLED_SECONDS)
            except NotKnown:
                self._progress.line("Authentication failed")
                return NOT_KNOWN
            except (NotReached, CutOff, Refused) as fault:
                self._progress.line(f"{self._options.base} could not be reached")
                wait = backoff.next_wait()
                self._progress.note(f"  {fault}; trying again in {wait:.0f} s")
            else:
                wait = backoff.next_wait() if report.kept else seconds
                if not report.kept:
                    backoff.reset()
            stop.wait(wait)
        return ALL_SENT

    def _send(self, stop: threading.Event, *, settled_before: float | None) -> Report:
        """Send what waits; a receiver is asked who we are even when nothing does, as legacy senders do."""
        waiting = self._outbox.waiting(settled_before=settled_before)
        if not waiting and settled_before is not None:
            return Report()
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
