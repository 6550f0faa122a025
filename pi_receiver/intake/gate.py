"""Says who a Pi is by the headers of its request; ids.txt is read again whenever it changes. Opens no channels."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import structlog

from backbone.lifecycle import Part
from backbone.web.health import Dependency
from pi_receiver.domain.identities import Identity, Roster, identify
from pi_receiver.domain.refusals import Unlisted
from pi_receiver.storage.ledger import Ledger

MOST_HEADER = 200


class Gate(Part):
    """The list of Pis and the stations that they are bound to.

    Args:
        ids: the file; while it cannot be read, nobody is let in.
    """

    def __init__(self, ids: Path, ledger: Ledger) -> None:
        self._ids = ids
        self._ledger = ledger
        self._bindings = ledger.bindings()
        self._seen: tuple[int, int, int] | None = None
        self._roster = Roster({})
        self.readable = False

    async def start(self) -> None:
        """Read ids.txt before anybody asks."""
        self.roster()

    def state(self) -> Dependency:
        """Return whether ids.txt can be read, and how many are listed."""
        listed = len(self.roster().lines)
        return Dependency(ok=self.readable, detail=f"{listed} Pis" if self.readable else "cannot be read")

    def roster(self) -> Roster:
        """Return ids.txt as it is now."""
        try:
            found = self._ids.stat()  # on the loop: one system call on a local file
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._seen:
                self._roster = Roster.parse(self._ids.read_text(encoding="utf-8"))
                self._seen = seen
                structlog.get_logger().info("ids_read", ids=len(self._roster.lines), faulty_lines=self._roster.faults)
            self.readable = True
        except (OSError, UnicodeDecodeError) as fault:
            if self.readable:
                structlog.get_logger().error("ids_unreadable", reason=str(fault))
            self.readable, self._seen, self._roster = False, None, Roster({})
        return self._roster

    def known(self, headers: Mapping[str, str]) -> Identity:
        """Return who a Pi is that has been here before.

        Raises:
            Unlisted: nobody who is listed, or not bound to this station.
        """
        identity, new = self._identify(headers)
        if new:
            raise Unlisted("expected an id that is listed, got none that is")
        return identity

    async def admit(self, headers: Mapping[str, str]) -> Identity:
        """Return who a Pi is; the first station that it presents goes on record where ids.txt names none.

        Raises:
            Unlisted: nobody who is listed, or not bound to this station.
            Unavailable: the ledger did not take the record.
        """
        identity, new = self._identify(headers)
        if new:
            if not await asyncio.to_thread(self._ledger.bind, identity.pi, identity.station):
                raise Unlisted("expected an id that is listed, got none that is")
            self._bindings[identity.pi] = identity.station
            structlog.get_logger().info("bound", pi=identity.pi[:12], station=identity.station)
        return identity

    def _identify(self, headers: Mapping[str, str]) -> tuple[Identity, bool]:
        said = {name: headers.get(name, "").strip() for name in ("pi_id", "pi_num", "pi_key")}
        if max(map(len, said.values())) > MOST_HEADER:
            raise Unlisted("expected an id that is listed, got none that is")
        return identify(self.roster(), self._bindings, pi_id=said["pi_id"], pi_num=said["pi_num"], key=said["pi_key"])
