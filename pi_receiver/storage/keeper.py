"""Keeps whole files, many at once: while the disk syncs, those that come meanwhile wait for the next turn together."""

import asyncio

from backbone.lifecycle import Part
from pi_receiver.storage.ledger import Received
from pi_receiver.storage.store import Store, Whole

MOST_AT_ONCE = 64


class Keeper(Part):
    """The only one that puts files into the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Whole, asyncio.Future[Received]]] = []
        self._woken = asyncio.Event()
        self._turn = asyncio.Lock()

    async def keep(self, whole: Whole) -> Received:
        """Return what was noted of a file, once it is in its place for good.

        Raises:
            SearchlightError: it could not be kept.
        """
        done: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._waiting.append((whole, done))
        self._woken.set()
        return await asyncio.shield(done)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            # The disk goes on whether or not this is cancelled: the turn ends as a whole, and `stop` waits for it.
            await asyncio.shield(asyncio.ensure_future(self._keep_all()))

    async def stop(self) -> None:
        """Keep what still waits."""
        await self._keep_all()

    async def _keep_all(self) -> None:
        async with self._turn:
            while self._waiting:
                turn, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                kept = await asyncio.to_thread(self._store.keep, [whole for whole, _ in turn])
                for (_, done), outcome in zip(turn, kept, strict=True):
                    _settle(done, outcome)


def _settle(done: asyncio.Future[Received], outcome: Received | Exception) -> None:
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
