"""The spool's file: in order, each once, and kept through a new start."""

import pytest

from backbone.errors import Unavailable
from cloudlet.spool import Parcel, Spool


def parcel(name: str, content: bytes = b"zip", job: str = "anna") -> Parcel:
    return Parcel(name, "match", job, content)


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "new" / "spool.sqlite3", most_bytes=10)
    yield made
    made.close()


async def drained(spool: Spool) -> list[str]:
    names = []
    while (oldest := await spool.oldest()) is not None:
        names.append(oldest.id)
        await spool.delivered(oldest.id)
    return names


async def test_parcels_leave_in_order_and_each_once(spool):
    assert [await spool.put(parcel(name)) for name in ("1", "2", "1")] == [True, True, False]
    assert await drained(spool) == ["1", "2"]
    assert await spool.put(parcel("1")) is False
    assert spool.bytes == 0


async def test_a_full_spool_takes_no_more_and_keeps_what_it_has(spool):
    await spool.put(parcel("1", b"12345678"))
    with pytest.raises(Unavailable, match="spool"):
        await spool.put(parcel("2"))
    assert await drained(spool) == ["1"]
    assert await spool.put(parcel("2"))


async def test_a_refused_parcel_lets_the_others_pass(spool):
    await spool.put(parcel("1"))
    await spool.put(parcel("2"))
    await spool.refused("1")
    assert await drained(spool) == ["2", "1"]


async def test_what_waits_for_a_deleted_job_is_dropped(spool):
    await spool.put(parcel("1"))
    await spool.put(parcel("2", job="boris"))
    await spool.put(Parcel("3", "phoneLeaveReq", "", b""))
    assert await spool.drop_job("anna") == 1
    assert await drained(spool) == ["2", "3"]


async def test_a_new_start_finds_everything(tmp_path):
    first = Spool(tmp_path / "spool", most_bytes=10)
    await first.put(parcel("1"))
    await first.put(parcel("2"))
    await first.delivered("1")
    first.close()
    second = Spool(tmp_path / "spool", most_bytes=10)
    assert second.bytes == 3
    assert await second.put(parcel("1")) is False
    assert await drained(second) == ["2"]
    second.close()


def test_a_file_that_is_in_use_is_refused(spool, tmp_path):
    with pytest.raises(Unavailable, match="spool"):
        Spool(tmp_path / "new" / "spool.sqlite3", most_bytes=10)


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "spool").write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match="spool"):
        Spool(tmp_path / "spool", most_bytes=10)
