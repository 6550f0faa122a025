"""One line on a terminal that is drawn over again, and lines that stay. Decides nothing."""

from typing import TextIO

BAR = 24


class TerminalLine:
    """Where a command tells how far it is; nothing is drawn where `out` is no terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.is_terminal = out.isatty()
        self._shown = ""

    def draw(self, share: float, text: str) -> None:
        """Show a bar, `share` 0..1 of it full, and a text behind it."""
        full = int(BAR * share)
        line = f"[{'#' * full}{'.' * (BAR - full)}] {text}"
        if self.is_terminal and line != self._shown:
            print(f"\r{line:<{len(self._shown)}}", end="", file=self._out, flush=True)
            self._shown = line

    def clear(self) -> None:
        """Take away what is drawn."""
        if self._shown:
            print(f"\r{'':<{len(self._shown)}}\r", end="", file=self._out)
            self._shown = ""

    def note(self, text: str) -> None:
        """Tell an event in a line of its own."""
        self.clear()
        print(text, file=self._out, flush=True)

    def end(self) -> None:
        """Leave what is drawn, and the terminal with a clean line."""
        if self._shown:
            print(file=self._out, flush=True)
            self._shown = ""
