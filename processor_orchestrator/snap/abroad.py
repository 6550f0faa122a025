"""What the snap desks of several orchestrators tell each other. Does not send."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from backbone.wire.snap_values import Failed, Taken, Uploaded
from backbone.wire.to_snap import Snap
from backbone.wire.values import Message

DeviceRow = tuple[str, tuple[str, ...], str | None, float]
"""A connected device as its orchestrator tells it: id, groups, subject, since."""


class Text(Message, frozen=True, tag="text"):
    """A legacy client said something; it goes to every client."""

    text: str
    snap_id: str | None = None


Crossed = Text | Snap | Taken | Uploaded | Failed

_decoder: msgspec.json.Decoder[Crossed] = msgspec.json.Decoder(Crossed)


def decode(body: bytes) -> Crossed:
    """Return what another desk told.

    Raises:
        msgspec.MsgspecError: it is none of ours.
    """
    return _decoder.decode(body)


class Abroad(Protocol):
    """The way to the other orchestrators."""

    def tell_snap(self, body: bytes) -> None:
        """Hand a desk's word to the desks of the others."""

    def cameras_changed(self) -> None:
        """Let the others know soon who is connected here."""


class SnapSide(Protocol):
    """A desk as the way to the others sees it."""

    def rows(self) -> list[DeviceRow]:
        """Return the devices that are connected here."""

    def met(self, rows: Sequence[DeviceRow]) -> None:
        """Take what the others hold."""

    async def crossed(self, body: bytes) -> None:
        """Act on another desk's word.

        Raises:
            msgspec.MsgspecError: it is none.
            Unavailable: the store is away.
        """
