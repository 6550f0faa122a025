"""All resumable uploads: whose they are, how far they are, when they are given up. Knows no HTTP."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from backbone.errors import NotFound, SearchlightError, Unavailable
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import Busy, ChunkMismatch, Mismatch, NoSpace
from pi_receiver.intake.reception import Reception
from pi_receiver.ledger import Ledger, Unfinished
from pi_receiver.storage.part_file import PartFile
from pi_receiver.storage.store import Store

TEND_SECONDS = 30.0
CUT_SECONDS = 10.0
MOST_DONE = 1000
"""Finished uploads that are still told about; a sender that lost the last answer asks within minutes."""


class Resumable:
    """One upload.

    Attributes:
        turn: held by the one request that works on it.
        cut: ends the request that holds the turn; None where that ends by itself, having no body to wait for.
        modified: when the file was last written to at its sender, where the request told; seconds since the epoch.
    """

    def __init__(self, noted: Unfinished, file: PartFile) -> None:
        self.noted = noted
        self.file = file
        self.turn = asyncio.Lock()
        self.cut: Callable[[], None] | None = None
        self.modified: float | None = None

    @property
    def whole(self) -> bool:
        """Whether every byte came."""
        return self.file.offset == self.noted.length

    @property
    def owner(self) -> Identity:
        """Whose it is."""
        return Identity(self.noted.pi, self.noted.station)


class Resumables:
    """Every upload by its id.

    Args:
        most: unfinished ones at once.
        most_of_one: of one Pi; one more gives up its oldest.
        seconds: after which an upload that did not grow is given up.
    """

    def __init__(
        self, *, store: Store, ledger: Ledger, reception: Reception, most: int, most_of_one: int, seconds: float
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._reception = reception
        self._most = most
        self._most_of_one = most_of_one
        self._seconds = seconds
        self._uploads: dict[str, Resumable] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self._load()

    def _load(self) -> None:
        """Know what an earlier run left; what it wrote beyond its last note does not count."""
        for noted in self._ledger.unfinished():
            path = self._store.part(noted.id)
            there = path.stat().st_size if path.exists() else 0
            if (there < noted.offset and not noted.receipt) or noted.expires_at < time.time():
                self._ledger.drop_unfinished(noted.id)
                continue
            self._uploads[noted.id] = self._made(noted, claim=0 if noted.receipt else noted.length - noted.offset)
        self._store.drop_parts_but(self._uploads)
        self._count()

    def _made(self, noted: Unfinished, *, claim: int) -> Resumable:
        space = self._reception.space
        try:
            room = space.claim(claim)
        except NoSpace:  # it was promised before; the disk got fuller meanwhile
            room = space.claim(0)
        path = self._store.part(noted.id)
        return Resumable(noted, PartFile(path, offset=noted.offset, claim=room, faults=self._reception.faults))

    async def create(self, owner: Identity, *, name: str, digest: str, length: int) -> Resumable:
        """Return a new upload; its room on the disk is claimed.

        Raises:
            NoSpace: there is not that much.
            Unavailable: too many are unfinished.
        """
        open_ones = [one for one in self._uploads.values() if not one.noted.receipt]
        own = [one for one in open_ones if one.noted.pi == owner.pi and not one.turn.locked()]
        for oldest in own[: max(0, len(own) - self._most_of_one + 1)]:
            await self.drop(oldest)
        if len(open_ones) >= self._most:
            raise Unavailable(f"expected at most {self._most} unfinished uploads, got one more; try again")
        noted = Unfinished(
            secrets.token_urlsafe(24), owner.pi, owner.station, name, digest, length, 0, time.time() + self._seconds
        )
        self._reception.space.claim(length).release()
        upload = self._made(noted, claim=length)
        await self._note(upload, noted)
        self._uploads[noted.id] = upload
        if not length:
            await self._reception.work(lambda: upload.file.begin(None))
            await self.save(upload)
        self._count()
        return upload

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
        if upload.turn.locked() and upload.cut is not None:
            upload.cut()
        try:
            async with asyncio.timeout(CUT_SECONDS):
                await upload.turn.acquire()
        except TimeoutError:
            raise Busy("expected one request at a time, got two") from None
        if upload_id not in self._uploads:
            upload.turn.release()
            raise NotFound("expected an upload of this Pi, got none that is")
        if upload.noted.expires_at < time.time():
            await self.drop(upload)
            upload.turn.release()
            raise NotFound("expected an upload that is not given up yet, got one that is")
        upload.cut = cut
        return upload

    def leave(self, upload: Resumable, *, after: asyncio.Future[None] | None) -> None:
        """Give the turn back, once what came is on the disk.

        Args:
            after: what a worker still writes.
        """
        upload.cut = None  # the connection may carry the next request already
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
            upload.turn.release()

    def write(self, upload: Resumable, data: bytes) -> None:
        """Append bytes, from a worker thread; saved now and then."""
        if upload.file.write(data):
            upload.file.save()
            upload.noted = self._grown(upload)
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

    async def settle(self, upload: Resumable) -> None:
        """Put an upload that came whole into its place, unless that was done before; it has its receipt then.

        Raises:
            ChunkMismatch: the file does not have its digest; it has to be sent anew.
            NoSpace, Unavailable: it could not be kept; asking again tries again.
        """
        if not upload.whole or upload.noted.receipt:
            return
        noted, reception = upload.noted, self._reception
        try:
            receipt = await reception.keep_part(
                upload.file, name=noted.name, digest=noted.sha256, owner=upload.owner, modified=upload.modified
            )
        except Mismatch as fault:
            await self.drop(upload)
            raise ChunkMismatch(fault.message) from None
        await self._note(upload, replace(upload.noted, receipt=receipt))
        await reception.work(upload.file.discard)
        self._count()

    async def drop(self, upload: Resumable) -> None:
        """Forget an upload and take its file away."""
        self._uploads.pop(upload.noted.id, None)
        await self._reception.work(lambda: self._ledger.drop_unfinished(upload.noted.id))
        await self._reception.work(upload.file.discard)
        self._count()

    async def tend(self) -> None:
        """Give up what nobody comes back for, until cancelled."""
        while True:
            await asyncio.sleep(TEND_SECONDS)
            idle = [one for one in self._uploads.values() if not one.turn.locked()]
            done = [one for one in idle if one.noted.receipt]
            for upload in [one for one in idle if one.noted.expires_at < time.time()] + done[:-MOST_DONE]:
                try:
                    await self.drop(upload)
                except SearchlightError as fault:
                    structlog.get_logger().warning("expired_upload_stays", reason=fault.message)

    async def drained(self) -> None:
        """Wait until what was cut off is on the disk."""
        await asyncio.gather(*self._ends)

    def _grown(self, upload: Resumable) -> Unfinished:
        return replace(upload.noted, offset=upload.file.offset, expires_at=time.time() + self._seconds)

    async def _note(self, upload: Resumable, noted: Unfinished) -> None:
        await self._reception.work(lambda: self._ledger.put_unfinished(noted))
        upload.noted = noted

    def _count(self) -> None:
        open_ones = sum(not one.noted.receipt for one in self._uploads.values())
        self._reception.metrics.unfinished.set(open_ones)
