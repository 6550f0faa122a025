"""One-time channels: for which Pi each was opened, and until when. Makes no letters and reads no clock."""

import hashlib
from dataclasses import dataclass, replace

from backbone.errors import Unavailable
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import Unlisted


@dataclass(frozen=True, slots=True)
class Channel:
    """An open channel; `uploads` are under way on it now, and while any is, it does not expire."""

    owner: Identity
    expires_at: float
    uploads: int = 0

    def is_open(self, now: float) -> bool:
        """Return whether it did not expire."""
        return self.expires_at > now or self.uploads > 0

    def entered(self) -> "Channel":
        """Return it with one more upload on it."""
        return replace(self, uploads=self.uploads + 1)

    def left(self, expires_at: float) -> "Channel":
        """Return it with one upload less and more time."""
        return replace(self, uploads=self.uploads - 1, expires_at=expires_at)


class Channels:
    """All open channels.

    Args:
        most: at once; then nobody gets another one.
        most_of_one: at once of one Pi; one more closes its oldest.
        seconds: that a channel may stay unused.
    """

    def __init__(self, *, most: int, most_of_one: int, seconds: float) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._seconds = seconds
        self._channels: dict[str, Channel] = {}

    def __len__(self) -> int:
        return len(self._channels)

    def open(self, letters: str, owner: Identity, now: float) -> None:
        """Open a channel.

        Raises:
            Unavailable: too many are open.
        """
        self._drop_expired(now)
        own = [name for name, channel in self._channels.items() if channel.owner.pi == owner.pi]
        for name in own[: max(0, len(own) - self._most_of_one + 1)]:
            del self._channels[name]
        if len(self._channels) >= self._most:
            raise Unavailable(f"expected at most {self._most} open channels, got one more; try again")
        self._channels[_name(letters)] = Channel(owner, now + self._seconds)

    def knows(self, letters: str, now: float) -> bool:
        """Return whether a channel is open, for whomever."""
        channel = self._channels.get(_name(letters))
        return channel is not None and channel.is_open(now)

    def enter(self, letters: str, caller: Identity, now: float) -> None:
        """Begin an upload on a channel.

        Raises:
            Unlisted: it is not open, or not the caller's.
        """
        name = _name(letters)
        channel = self._channels.get(name)
        if channel is None or channel.owner != caller or not channel.is_open(now):
            raise Unlisted("expected an open channel of this Pi, got none that is")
        self._channels[name] = channel.entered()

    def leave(self, letters: str, now: float, *, last: bool) -> None:
        """End an upload; a channel dies with the last file of its sender."""
        name = _name(letters)
        channel = self._channels.get(name)
        if channel is None:
            return
        if last:
            del self._channels[name]
        else:
            self._channels[name] = channel.left(now + self._seconds)

    def _drop_expired(self, now: float) -> None:
        self._channels = {name: channel for name, channel in self._channels.items() if channel.is_open(now)}


def _name(letters: str) -> str:
    """Return what a channel is kept under: a look-up by a hash tells nothing by its time."""
    return hashlib.sha256(letters.encode()).hexdigest()
