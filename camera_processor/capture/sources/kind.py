"""What every camera source has in common, and what the table says of each kind. Knows no kind by name."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from camera_processor.capture.sources.pace import Picture, Stage

MAX_PIXELS = 40_000_000


class Source(Protocol):
    """One camera, by its text. Only `redacted` may be shown to anybody."""

    @property
    def text(self) -> str:
        """The text as it came, credentials included."""

    @property
    def redacted(self) -> str:
        """The text without what must not be shown."""

    @property
    def newest_only(self) -> bool:
        """True when a slow reader loses pictures, False when the source waits for the reader."""

    def scrub(self, text: str) -> str:
        """Return what a library said, without this source's secrets."""

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
        """Yield pictures, None for one that was dropped; ends with the source. Runs in the capture child only.

        What is heavy (cv2, Pillow) is imported in here: the parent reads sources and plays none.

        Args:
            timeout: seconds that opening and reading may take.

        Raises:
            SearchlightError: the source fails; its text is told to the operator.
        """


@dataclass(frozen=True, slots=True)
class OpenSource:
    """What all sources share whose text holds no secret."""

    text: str

    @property
    def redacted(self) -> str:
        """The text itself: there is nothing to hide in it."""
        return self.text

    def scrub(self, text: str) -> str:
        """Return `text` unchanged."""
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """One row of the table.

    Attributes:
        forms: how such a source is written, for help and refusals.
        shows: what it plays, for help.
        schemes: words before the first colon that make a text one of this kind, in lower case.
        bare: how texts of this kind begin that have no scheme.
        example: a text that is read; tests read it.
        read: makes the source of a text; raises BadInput that says what was expected, without credentials.
    """

    forms: tuple[str, ...]
    shows: str
    schemes: tuple[str, ...] = ()
    bare: re.Pattern[str] | None = None
    example: str
    read: Callable[[str], Source]

    def claims(self, text: str) -> bool:
        """Say whether a text is meant to be of this kind, well written or not."""
        if self.bare is not None and self.bare.match(text):
            return True
        return text.partition(":")[0].lower() in self.schemes
