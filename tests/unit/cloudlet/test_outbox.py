"""The outbox's file: in order, each once, kept through a new start, and honest about a disk that is full."""

import asyncio
import shutil
from pathlib import Path

import pytest

from backbone.errors import Unavailable
from cloudlet import outbox as outbox_module
from cloudlet.outbox import DeliveryOutbox, OutboxItem
from tests.unit.backbone.test_sqlite_file import no_file_grows_beyond

KEPT = Path(__file__).parent / "kept"
"""Files that were written before they noted their version: closed well, and as a kill left them."""


def item(name: str, content: bytes = b"zip", job: str = "anna") -> OutboxItem:
    return OutboxItem(name, "match", job, content)


@pytest.fixture
async def outbox(tmp_path):
    made = DeliveryOutbox(tmp_path / "new" / "spool.sqlite3", most_bytes=10)
    yield made
    await made.stop()


async def drained(outbox: DeliveryOutbox) -> list[str]:
    names = []
    while (oldest := await outbox.oldest()) is not None:
        names.append(oldest.id)
        await outbox.delivered(oldest.id)
    return names


async def test_items_leave_in_order_and_each_once(outbox):
    assert [await outbox.put(item(name)) for name in ("1", "2", "1")] == [True, True, False]
    assert await outbox.oldest() == item("1")
    assert await drained(outbox) == ["1", "2"]
    assert await outbox.put(item("1")) is False
    assert outbox.bytes == 0


async def test_a_full_outbox_takes_no_more_and_keeps_what_it_has(outbox):
    await outbox.put(item("1", b"12345678"))
    with pytest.raises(Unavailable, match="spool") as caught:
        await outbox.put(item("2"))
    assert caught.value.code == "spool_full"
    assert await drained(outbox) == ["1"]
    assert await outbox.put(item("2"))


async def test_its_bound_holds_when_many_come_at_once(outbox):
    came = await asyncio.gather(*(outbox.put(item(str(number))) for number in range(9)), return_exceptions=True)
    assert (came.count(True), outbox.bytes) == (3, 9)


async def test_a_refused_item_lets_the_others_pass(outbox):
    await outbox.put(item("1"))
    await outbox.put(item("2"))
    await outbox.refused("1")
    assert await drained(outbox) == ["2", "1"]


async def test_what_waits_for_a_deleted_job_is_dropped_and_cannot_be_read_in_the_file(outbox, tmp_path):
    await outbox.put(item("1", b"of anna"))
    await outbox.put(item("2", b"of", job="boris"))
    await outbox.put(OutboxItem("3", "phoneLeaveReq"))
    assert await outbox.drop_job("anna") == 1
    assert not [path for path in (tmp_path / "new").iterdir() if b"of anna" in path.read_bytes()]
    assert await drained(outbox) == ["2", "3"]


async def test_an_arrival_is_told_once_also_to_who_asks_later(outbox):
    await outbox.put(item("1"))
    await outbox.put(item("2"))
    await outbox.arrival()
    waiting = asyncio.ensure_future(outbox.arrival())
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.put(item("3"))
    await waiting


async def test_a_new_start_finds_everything(tmp_path):
    first = DeliveryOutbox(tmp_path / "spool", most_bytes=10)
    await first.put(item("1"))
    await first.put(item("2"))
    await first.delivered("1")
    await first.stop()
    second = DeliveryOutbox(tmp_path / "spool", most_bytes=10)
    assert second.bytes == 3
    assert await second.put(item("1")) is False
    assert await drained(second) == ["2"]
    await second.stop()


async def test_a_file_of_an_older_version_is_found_whole(tmp_path):
    shutil.copy(KEPT / "spool.sqlite3", tmp_path)
    for _ in range(2):
        outbox = DeliveryOutbox(tmp_path / "spool.sqlite3", most_bytes=1_000)
        assert outbox.bytes == len(b"zip twozip three")
        assert await outbox.put(item("m-1")) is False, "it was delivered"
        assert await outbox.oldest() == OutboxItem("l-1", "phoneLeaveReq")
        await outbox.stop()
    outbox = DeliveryOutbox(tmp_path / "spool.sqlite3", most_bytes=1_000)
    await outbox.delivered("l-1")
    assert await outbox.oldest() == OutboxItem("m-3", "match", "anna", b"zip three")
    await outbox.delivered("m-3")
    assert await outbox.oldest() == OutboxItem("m-2", "match", "boris", b"zip two", refusals=2)
    assert await drained(outbox) == ["m-2"]
    await outbox.stop()


async def test_a_file_of_an_older_version_is_found_whole_after_a_kill(tmp_path):
    for path in KEPT.glob("killed-spool*"):
        shutil.copy(path, tmp_path)
    outbox = DeliveryOutbox(tmp_path / "killed-spool.sqlite3", most_bytes=1_000)
    assert await outbox.oldest() == OutboxItem("m-1", "match", "anna", b"zip one")
    await outbox.stop()


def test_a_file_that_is_in_use_is_refused(outbox, tmp_path, monkeypatch):
    monkeypatch.setattr(outbox_module, "WAIT_SECONDS", 0.0)
    with pytest.raises(Unavailable, match="spool"):
        DeliveryOutbox(tmp_path / "new" / "spool.sqlite3", most_bytes=10)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "spool").write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match="spool"):
        DeliveryOutbox(tmp_path / "spool", most_bytes=10)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(Unavailable, match="spool"):
        DeliveryOutbox(tmp_path / "taken" / "spool", most_bytes=10)


async def test_it_is_ready_while_there_is_room(outbox):
    assert (outbox.state().ok, outbox.state().detail) == (True, "0 of 10 bytes wait")
    await outbox.put(item("1", b"1234567890"))
    assert (outbox.state().ok, outbox.state().detail) == (False, "10 of 10 bytes wait")


async def test_it_is_not_ready_from_a_write_that_failed_until_one_works_again(tmp_path):
    outbox = DeliveryOutbox(tmp_path / "spool", most_bytes=10_000_000)
    await outbox.put(item("1"))
    with no_file_grows_beyond(200_000):
        with pytest.raises(Unavailable) as caught:
            await outbox.put(item("2", bytes(1_000_000)))
        assert caught.value.code == "spool_unavailable"
        assert not outbox.state().ok
        assert outbox.state().detail.startswith("the last write failed: ")
        assert await outbox.put(item("1")) is False
        assert not outbox.state().ok, "nothing was written by that"
        with pytest.raises(Unavailable):
            await outbox.probe()
        assert not outbox.state().ok
        assert await outbox.oldest() == item("1"), "what it has can be delivered"
    assert await outbox.put(item("2", bytes(1_000_000)))
    assert outbox.state().ok
    await outbox.stop()


async def test_it_becomes_ready_by_itself_where_nobody_writes_again(tmp_path):
    outbox = DeliveryOutbox(tmp_path / "spool", most_bytes=10_000_000)
    with no_file_grows_beyond(200_000), pytest.raises(Unavailable):
        await outbox.put(item("1", bytes(1_000_000)))
    await outbox.probe()
    assert (outbox.state().ok, outbox.bytes) == (True, 0)
    assert await outbox.put(item("1", bytes(1_000_000)))
    await outbox.stop()
