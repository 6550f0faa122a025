"""All resumable uploads: whose they are, how far they are, when they are given up. Knows no HTTP."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from backbone.errors import NotFound, SearchlightError, Unavailable
from backbone.lifecycle import Part
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import ChunkMismatch, Mismatch, NoSpace
from pi_receiver.intake.reception import Reception
from pi_receiver.storage.ledger import Ledger, Unfinished
from pi_receiver.storage.part_file import PartFile
from pi_receiver.storage.space import Claim
from pi_receiver.storage.store import Store
from pi_receiver.tus.resumable import Resumable

TEND_SECONDS = 30.0
MOST_DONE = 1000
"""Finished uploads that are still told about; a sender that lost the last answer asks within minutes."""
MOST_UNSENT = 4
"""Uploads of one Pi that got no byte and yet hold their room; one more takes the room of the oldest."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many unfinished uploads are borne, and for how long.

    Attributes:
        most: at once.
        most_of_one: of one Pi; one more gives up its oldest.
        seconds: after which an upload that did not grow is given up.
        claim_seconds: after which one that did not grow gives the room back that was claimed for it; one that got no
            byte at all is given up then.
    """

    most: int
    most_of_one: int
    seconds: float
    claim_seconds: float


class Resumables(Part):
    """Every upload by its id.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        reception: Reception,
        patience: Patience,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._reception = reception
        self._patience = patience
        self._clock = clock
        self._uploads: dict[str, Resumable] = {}
        self._ends: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Know what an earlier run left; what it wrote beyond its last note does not count."""
        for noted in self._ledger.unfinished():
            path = self._store.part(noted.id)
            there = path.stat().st_size if path.exists() else 0
            if (there < noted.offset and not noted.receipt) or noted.expires_at < self._clock():
                self._ledger.drop_unfinished(noted.id)
                continue
            latest = self._clock() + self._waits(offset=noted.offset)
            known = replace(noted, expires_at=min(noted.expires_at, latest))
            self._uploads[noted.id] = self._made(known, self._promised(known))
        self._store.drop_parts_but(self._uploads)
        self._count()

    def _promised(self, noted: Unfinished) -> Claim:
        """Return the room of an upload of an earlier run, or none where the disk got fuller meanwhile."""
        space = self._reception.space
        try:
            return space.claim(0 if noted.receipt or self._is_stale(noted) else noted.length - noted.offset)
        except NoSpace:
            return space.claim(0)

    def _made(self, noted: Unfinished, room: Claim) -> Resumable:
        reception, path = self._reception, self._store.part(noted.id)
        file = PartFile(path, disk=reception.disk, offset=noted.offset, claim=room, faults=reception.faults)
        return Resumable(noted, file)

    async def create(self, owner: Identity, *, name: str, digest: str, length: int) -> Resumable:
        """Return a new upload; its room on the disk is claimed.

        Raises:
            NoSpace: there is not that much.
            Unavailable: too many are unfinished.
        """
        await self._make_way(owner)
        expires_at = self._clock() + self._waits(offset=0)
        noted = Unfinished(secrets.token_urlsafe(24), owner.pi, owner.station, name, digest, length, 0, expires_at)
        upload = self._made(noted, self._reception.space.claim(length))
        self._uploads[noted.id] = upload  # before anything is waited for, so that those that come meanwhile count it
        try:
            await self._note(upload, noted)
            if not length:
                await self._reception.work(lambda: upload.file.begin(None, missing=0))
                await self.save(upload)
        except SearchlightError:
            await self.drop(upload)
            raise
        self._count()
        return upload

    async def _make_way(self, owner: Identity) -> None:
        """Give up what one more upload of a Pi is too many for, and the room of those that got no byte.

        Raises:
            Unavailable: too many are unfinished.
        """
        most, most_of_one = self._patience.most, self._patience.most_of_one
        open_ones = [one for one in self._uploads.values() if not one.noted.receipt]
        own = [one for one in open_ones if one.noted.pi == owner.pi and not one.turn.locked()]
        given_up = own[: max(0, len(own) - most_of_one + 1)]
        if len(open_ones) - len(given_up) >= most:
            raise Unavailable(f"expected at most {most} unfinished uploads, got one more; try again")
        unsent = [one for one in own if not one.noted.offset]
        for older in unsent[: max(0, len(unsent) - MOST_UNSENT + 1)]:
            older.file.give_room_back()
        for oldest in given_up:
            await self.drop(oldest)

    async def enter(self, upload_id: str, owner: Identity, cut: Callable[[], None] | None) -> Resumable:
        """Return an upload whose turn the caller holds now; a request that held it is ended.

        Args:
            cut: ends the caller's own request; None where that has no body. A late piece of a link that broke comes
                after the question how far it is, and must not leave that one without an answer.

        Raises:
            NotFound: it is not there, or somebody else's.
            Busy: the other request did not end in time.
        """
        upload = self._uploads.get(upload_id)
        if upload is None or upload.owner != owner:
            raise NotFound("expected an upload of this Pi, got none that is")
        await upload.take_turn()
        if upload_id not in self._uploads:
            upload.give_turn_back()
            raise NotFound("expected an upload of this Pi, got none that is")
        if upload.noted.expires_at < self._clock():
            try:
                await self.drop(upload)
            finally:
                upload.give_turn_back()
            raise NotFound("expected an upload that is not given up yet, got one that is")
        upload.may_be_cut(cut)
        return upload

    def leave(self, upload: Resumable, *, after: asyncio.Future[None] | None) -> None:
        """Give the turn back, once what came is on the disk.

        Args:
            after: what a worker still writes.
        """
        upload.may_be_cut(None)  # the connection may carry the next request already
        task = asyncio.ensure_future(self._end(upload, after))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _end(self, upload: Resumable, after: asyncio.Future[None] | None) -> None:
        if after is not None:
            await asyncio.wait([after])
        before = upload.noted.offset
        try:
            await self._reception.work(upload.file.breaks_off)
            if upload.file.offset != before:
                await self._note(upload, self._grown(upload))
        except SearchlightError as fault:
            structlog.get_logger().warning("part_not_saved", reason=fault.message)
        finally:
            await self._reception.work(upload.file.end)
            upload.give_turn_back()

    def write(self, upload: Resumable, data: bytes) -> None:
        """Append bytes, from a worker thread; saved now and then."""
        if upload.file.write(data):
            upload.file.save()
            upload.note(self._grown(upload))
            self._ledger.put_unfinished(upload.noted)

    async def save(self, upload: Resumable) -> None:
        """Have what came count.

        Raises:
            ChunkMismatch: it does not have its digest.
            NoSpace, Unavailable: the disk fails.
        """
        await self._reception.work(upload.file.save)
        await self._note(upload, self._grown(upload))
        await self._reception.work(upload.file.end)

    async def settle(self, upload: Resumable, *, modified: float | None) -> None:
        """Put an upload that came whole into its place, unless that was done before; it has its receipt then.

        Args:
            modified: when the file was last written to at its sender, where the request told; seconds since the epoch.

        Raises:
            ChunkMismatch: the file does not have its digest; it has to be sent anew.
            NoSpace, Unavailable: it could not be kept; asking again tries again.
        """
        if not upload.whole or upload.noted.receipt:
            return
        noted, reception = upload.noted, self._reception
        try:
            receipt = await reception.keep_part(
                upload.file, name=noted.name, digest=noted.sha256, owner=upload.owner, modified=modified
            )
        except Mismatch as fault:
            await self.drop(upload)
            raise ChunkMismatch(fault.message) from None
        # It is in its place: should the ledger not take the receipt now, whoever asks again is told it nevertheless.
        upload.note(replace(upload.noted, receipt=receipt))
        await self._note(upload, upload.noted)
        await reception.work(upload.file.discard)
        self._count()

    async def drop(self, upload: Resumable) -> None:
        """Forget an upload and take its file away."""
        self._uploads.pop(upload.noted.id, None)
        try:
            await self._reception.work(lambda: self._ledger.drop_unfinished(upload.noted.id))
        finally:
            await self._reception.work(upload.file.discard)
            self._count()

    async def run(self) -> None:
        """Look now and then after those that nobody comes back for, until cancelled."""
        while True:
            await asyncio.sleep(TEND_SECONDS)
            await self.tend()

    async def tend(self) -> None:
        """Give up what nobody came back for in time, and the room of what did not grow for a while."""
        idle = [one for one in self._uploads.values() if not one.turn.locked()]
        done = [one for one in idle if one.noted.receipt]
        for upload in [one for one in idle if one.noted.expires_at < self._clock()] + done[:-MOST_DONE]:
            try:
                await self.drop(upload)
            except SearchlightError as fault:
                structlog.get_logger().warning("expired_upload_stays", reason=fault.message)
        for upload in list(self._uploads.values()):
            if not upload.turn.locked() and self._is_stale(upload.noted) and upload.file.give_room_back():
                structlog.get_logger().info("room_given_back", bytes=upload.missing, pi=upload.noted.pi[:12])

    def _is_stale(self, noted: Unfinished) -> bool:
        """Return whether an upload did not grow for so long that it claims no room any more."""
        grew_at = noted.expires_at - self._waits(offset=noted.offset)
        return grew_at + self._patience.claim_seconds <= self._clock()

    def _waits(self, *, offset: int) -> float:
        """Return after how many seconds an upload is given up, unless it grows before."""
        return self._patience.seconds if offset else min(self._patience.seconds, self._patience.claim_seconds)

    async def stop(self) -> None:
        """Wait until what was cut off is on the disk."""
        await asyncio.gather(*self._ends)

    def _grown(self, upload: Resumable) -> Unfinished:
        offset = upload.file.offset
        if not offset and upload.noted.length:
            return upload.noted  # an empty piece is no reason to wait longer
        return replace(upload.noted, offset=offset, expires_at=self._clock() + self._patience.seconds)

    async def _note(self, upload: Resumable, noted: Unfinished) -> None:
        await self._reception.work(lambda: self._ledger.put_unfinished(noted))
        upload.note(noted)

    def _count(self) -> None:
        open_ones = sum(not one.noted.receipt for one in self._uploads.values())
        self._reception.metrics.unfinished.set(open_ones)
