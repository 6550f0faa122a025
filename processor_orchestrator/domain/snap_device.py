"""Which clients of the snap relay are there, and which of them are devices. Sends nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NewType

from backbone.errors import BadInput, Conflict, Unavailable
from backbone.wire.snap_values import ALL

PeerId = NewType("PeerId", int)

REMEMBERED_SECONDS = 3_600.0
"""So long a device that is gone is still told of, as offline."""

MAX_DEVICES = 1_000


@dataclass(frozen=True, slots=True)
class Device:
    """A camera that speaks JSON.

    Attributes:
        subject: who its token speaks for; None without one.
        since: when it came into this state, seconds since the epoch.
        peer: its socket here; None: it is offline, or at another orchestrator.
        elsewhere: it is connected to another orchestrator.
    """

    device_id: str
    groups: frozenset[str]
    subject: str | None
    since: float
    peer: PeerId | None = None
    elsewhere: bool = False

    @property
    def online(self) -> bool:
        """Whether it is connected, wherever."""
        return self.peer is not None or self.elsewhere

    def is_meant(self, to: str) -> bool:
        """Return whether a snap to `to` is for this device."""
        return to in {ALL, self.device_id} or to in self.groups


class SnapDevices:
    """The clients of this orchestrator's relay, and the devices of all orchestrators."""

    def __init__(self) -> None:
        self._counter = 0
        self._peers: dict[PeerId, str | None] = {}
        self._known: dict[str, Device] = {}
        self._elsewhere: dict[str, Device] = {}

    # Those here.

    def joined(self) -> PeerId:
        """Take in a client and return its name."""
        self._counter += 1
        peer = PeerId(self._counter)
        self._peers[peer] = None
        return peer

    def hello(
        self, peer: PeerId, device_id: str, groups: Iterable[str], subject: str | None, *, now: float
    ) -> PeerId | None:
        """Let a client speak for a device; return the older client that did, which has to go.

        Raises:
            BadInput: a name that means everybody.
            Conflict: somebody else's device has this name, or the client is another device already.
            Unavailable: there are too many devices.
        """
        if ALL in {device_id, *groups}:
            raise BadInput(f"expected another name than {ALL!r} for a device or group, which means every device")
        if self._peers.get(peer) not in {None, device_id}:
            raise Conflict(f"expected one device a connection, got {device_id!r} after {self._peers[peer]!r}")
        known = self.known(now).get(device_id)
        if known is not None and known.online and known.subject != subject:
            raise Conflict(f"deviceId: expected a name that is free, got {device_id!r}, which another holds")
        if known is None and len(self._known) >= MAX_DEVICES:
            raise Unavailable(f"expected at most {MAX_DEVICES} devices, got one more")
        older = self._known.get(device_id)
        replaced = older.peer if older is not None and older.peer != peer else None
        if replaced is not None:
            self._peers[replaced] = None
        self._peers[peer] = device_id
        self._known[device_id] = Device(device_id, frozenset(groups), subject, now, peer)
        return replaced

    def left(self, peer: PeerId, *, now: float) -> str | None:
        """Forget a client and return the device that went offline with it, if one did."""
        device_id = self._peers.pop(peer, None)
        if device_id is None or self._known[device_id].peer != peer:
            return None
        self._known[device_id] = replace(self._known[device_id], peer=None, since=now)
        return device_id

    def device_of(self, peer: PeerId) -> str | None:
        """Return the device that a client speaks for."""
        return self._peers.get(peer)

    def peers(self) -> list[PeerId]:
        """Return every client, the first that came first."""
        return list(self._peers)

    def online_here(self) -> list[Device]:
        """Return the devices that are connected here."""
        return [device for device in self._known.values() if device.peer is not None]

    # Those elsewhere.

    def met(self, devices: Iterable[Device]) -> list[PeerId]:
        """Take what the other orchestrators hold; return clients here whose device has a newer socket there."""
        self._elsewhere = {device.device_id: device for device in devices}
        return [
            here.peer
            for here in self.online_here()
            if here.peer is not None
            and (there := self._elsewhere.get(here.device_id)) is not None
            and there.subject == here.subject
            and there.since > here.since
        ]

    # All.

    def known(self, now: float) -> dict[str, Device]:
        """Return every device by name: those connected here or elsewhere, and those gone for no longer than an hour."""
        late = now - REMEMBERED_SECONDS
        for name in [name for name, device in self._known.items() if device.peer is None and device.since < late]:
            del self._known[name]
        here = {name: device for name, device in self._known.items() if device.peer is not None}
        return dict(sorted((self._known | self._elsewhere | here).items()))

    def meant(self, to: str, *, now: float) -> list[Device]:
        """Return the devices that a snap to `to` is for, by name, those offline included."""
        return [device for device in self.known(now).values() if device.is_meant(to)]
