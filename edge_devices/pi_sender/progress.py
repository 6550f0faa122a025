"""Tells how far a file is: a bar on a terminal, nothing elsewhere; lines always. Decides nothing."""

import sys
from typing import TextIO

BAR = 24
MOST_NAME = 40


class Progress:
    """What the user sees."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._shown = ""

    def line(self, text: str) -> None:
        """Tell an event in a line of its own, on standard output as legacy senders do."""
        self._clear()
        print(text, flush=True)

    def note(self, text: str) -> None:
        """Tell what a person may want to know, beside the legacy texts."""
        self._clear()
        print(text, file=self._out, flush=True)

    def sent(self, name: str, done: int, size: int) -> None:
        """Tell how many bytes of a file are on their way."""
        if not self._is_terminal:
            return
        share = done / size if size else 1.0
        full = int(BAR * share)
        bar = f"[{'#' * full}{'.' * (BAR - full)}]"
        line = f"{bar} {share:4.0%} of {size / 1e6:.1f} MB  {name[-MOST_NAME:]}"
        if line != self._shown:
            print(f"\r{line:<{len(self._shown)}}", end="", file=self._out, flush=True)
            self._shown = line

    def _clear(self) -> None:
        if self._shown:
            print(f"\r{'':<{len(self._shown)}}\r", end="", file=self._out)
            self._shown = ""
