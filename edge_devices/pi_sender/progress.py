"""Tells how far a file is: a bar on a terminal, nothing elsewhere; lines always. Decides nothing."""

import sys
from typing import TextIO

from edge_devices.terminal_line import TerminalLine

MOST_NAME = 40


class Progress:
    """What the user sees."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._line = TerminalLine(out)

    def line(self, text: str) -> None:
        """Tell an event in a line of its own, on standard output as legacy senders do."""
        self._line.clear()
        print(text, flush=True)

    def note(self, text: str) -> None:
        """Tell what a person may want to know, beside the legacy texts."""
        self._line.note(text)

    def sent(self, name: str, done: int, size: int) -> None:
        """Tell how many bytes of a file are on their way."""
        share = done / size if size else 1.0
        self._line.draw(share, f"{share:4.0%} of {size / 1e6:.1f} MB  {name[-MOST_NAME:]}")
