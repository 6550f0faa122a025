"""The keeper: those that come while the disk syncs share the next turn, and a stop keeps what waits."""

import asyncio
import hashlib

from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.store import Whole
from tests.fakes.receiver_parts import Parts, keeping


def whole(parts: Parts, number: int) -> Whole:
    content = str(number).encode()
    path, digest, name = parts.store.temporary(), hashlib.sha256(content).hexdigest(), f"{number}.txt"
    path.write_bytes(content)
    return Whole(path, parts.store.seal_sidecar(digest, name), name, "1", digest, len(content), 5.0)


async def test_files_that_come_together_are_synced_together(tmp_path):
    parts = Parts(tmp_path)
    files = [whole(parts, number) for number in range(20)]
    async with keeping(parts):
        kept = await asyncio.gather(*(parts.keeper.keep(file) for file in files))
    assert [one.name for one in kept] == [f"{number}.txt" for number in range(20)]
    assert parts.steps.taken.count("ledger") == 1


async def test_what_waits_when_the_role_stops_is_kept(tmp_path):
    parts = Parts(tmp_path)
    keeper = Keeper(parts.store)
    waiting = asyncio.ensure_future(keeper.keep(whole(parts, 1)))
    await asyncio.sleep(0)
    await keeper.stop()
    assert (await waiting).name == "1.txt"
    assert parts.files() == {"station1/1.txt": b"1"}
