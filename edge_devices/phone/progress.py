"""Tells how far an upload is: a bar on a terminal, a line for each event elsewhere. Decides nothing."""

import sys
from typing import TextIO

from edge_devices.phone.zip_batches import Batch
from edge_devices.terminal_line import TerminalLine


class Progress:
    """What the user sees while photos travel.

    Args:
        photos: how many there are altogether, the refused included.
    """

    def __init__(self, photos: int, out: TextIO = sys.stderr) -> None:
        self._photos = photos
        self._line = TerminalLine(out)
        self._settled = 0
        self._bytes = 0

    def note(self, text: str) -> None:
        """Tell an event in a line of its own."""
        self._line.note(text)

    def uploading(self, batch: Batch, sent: int) -> None:
        """Tell how many bytes of a batch's request are on their way."""
        if self._line.is_terminal:
            share = min(1.0, sent / max(1, len(batch.content)))
            self._draw(self._settled + share * len(batch.paths), self._bytes + sent)

    def accepted(self, batch: Batch) -> None:
        """Tell that a cloudlet answered for a batch."""
        self._settled += len(batch.paths)
        self._bytes += len(batch.content)
        if self._line.is_terminal:
            self._draw(self._settled, self._bytes)
        else:
            self.note(f"{self._settled}/{self._photos} photos, {self._bytes / 1e6:.1f} MB")

    def refused(self, name: str, why: str) -> None:
        """Tell that a photo was not taken."""
        self._settled += 1
        self.note(f"not sent: {name}: {why}")

    def end(self) -> None:
        """Leave the terminal with a clean line."""
        self._line.end()

    def _draw(self, photos: float, sent: int) -> None:
        share = photos / max(1, self._photos)
        self._line.draw(share, f"{int(photos)}/{self._photos} photos, {sent / 1e6:.1f} MB")
