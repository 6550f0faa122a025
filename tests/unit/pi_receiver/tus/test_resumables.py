"""All resumable uploads: only what is on the disk counts, and what nobody comes back for holds no room for long."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from backbone.errors import NotFound, Unavailable
from pi_receiver.domain.refusals import ChunkMismatch, NoSpace
from pi_receiver.tus.resumable import Resumable
from pi_receiver.tus.resumables import MOST_UNSENT, Resumables
from tests.fakes.receiver_parts import MINE, THEIRS, Parts, PowerCut, keeping

CONTENT = bytes(range(250)) * 4
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MEGABYTE = 1_000_000
HOUR, MINUTE = 3600.0, 60.0


@pytest.fixture
async def parts(tmp_path):
    async with keeping(Parts(tmp_path, free=100 * MEGABYTE)) as made:
        yield made


@pytest.fixture
async def resumables(parts):
    made = parts.resumables()
    await made.start()
    return made


async def created(resumables: Resumables, length: int = len(CONTENT), *, owner=MINE, name="a.txt") -> Resumable:
    return await resumables.create(owner, name=name, digest=DIGEST, length=length)


async def send(parts: Parts, resumables: Resumables, upload: Resumable, content: bytes, *, digest=None) -> None:
    """Send a piece as one request does."""
    await resumables.enter(upload.noted.id, upload.owner, None)
    try:
        await parts.reception.work(lambda: upload.file.begin(digest, missing=upload.missing))
        resumables.write(upload, content)
        await resumables.save(upload)
        await resumables.settle(upload, modified=None)
    finally:
        resumables.leave(upload, after=None)
        await resumables.stop()


async def break_off(parts: Parts, resumables: Resumables, upload: Resumable, content: bytes, *, digest=None) -> None:
    """Send a piece whose end never comes."""
    await resumables.enter(upload.noted.id, upload.owner, None)
    await parts.reception.work(lambda: upload.file.begin(digest, missing=upload.missing))
    if content:
        resumables.write(upload, content)
    resumables.leave(upload, after=None)
    await resumables.stop()


async def test_a_piece_counts_only_after_it_is_on_the_disk_and_the_receipt_comes_last(parts, resumables):
    upload = await created(resumables)
    await send(parts, resumables, upload, CONTENT[:300])
    assert parts.steps.taken == ["note 0", "write resumable", "fsync resumable", "note 300"]
    parts.steps.taken.clear()
    await send(parts, resumables, upload, CONTENT[300:])
    assert parts.steps.taken[:3] == ["write resumable", "fsync resumable", "note 1000"]
    assert parts.steps.taken[-3:] == ["ledger", "receipt", "note 1000"]
    assert upload.noted.receipt
    assert parts.files() == {"station1/a.txt": CONTENT}
    assert parts.left_over() == []


async def test_what_is_no_more_than_written_does_not_outlive_a_power_cut(parts, resumables):
    upload = await created(resumables)
    await send(parts, resumables, upload, CONTENT[:300])
    parts.steps.cut_before = "fsync resumable"
    with pytest.raises(PowerCut):
        await send(parts, resumables, upload, CONTENT[300:700])
    parts.steps.cut_before = ""
    later = parts.resumables()
    await later.start()
    again = await later.enter(upload.noted.id, MINE, None)
    assert again.file.offset == 300
    later.leave(again, after=None)
    await later.stop()
    await send(parts, later, again, CONTENT[300:])
    assert parts.files() == {"station1/a.txt": CONTENT}


async def test_a_part_that_is_shorter_than_noted_is_not_gone_on_with(parts, resumables):
    upload = await created(resumables)
    await send(parts, resumables, upload, CONTENT[:300])
    upload.file.path.write_bytes(CONTENT[:299])
    later = parts.resumables()
    await later.start()
    with pytest.raises(NotFound):
        await later.enter(upload.noted.id, MINE, None)
    assert parts.left_over() == []


async def test_what_came_before_a_link_broke_counts_unless_it_had_to_have_a_digest(parts, resumables):
    plain, checked = await created(resumables), await created(resumables, name="b.txt")
    await break_off(parts, resumables, plain, CONTENT[:300])
    await break_off(parts, resumables, checked, CONTENT[:300], digest=DIGEST)
    assert (plain.noted.offset, checked.noted.offset) == (300, 0)


async def test_a_piece_with_another_digest_does_not_count(parts, resumables):
    upload = await created(resumables)
    with pytest.raises(ChunkMismatch):
        await send(parts, resumables, upload, CONTENT[:300], digest="0" * 64)
    assert (upload.file.offset, upload.noted.offset) == (0, 0)
    await send(parts, resumables, upload, CONTENT)
    assert parts.files() == {"station1/a.txt": CONTENT}
    assert parts.space.left() == parts.space.free


async def test_a_whole_with_another_digest_is_given_up(parts, resumables):
    upload = await resumables.create(MINE, name="a.txt", digest="0" * 64, length=len(CONTENT))
    with pytest.raises(ChunkMismatch):
        await send(parts, resumables, upload, CONTENT)
    with pytest.raises(NotFound):
        await resumables.enter(upload.noted.id, MINE, None)
    assert (parts.files(), parts.left_over()) == ({}, [])


async def test_the_receipt_is_told_again_even_if_it_could_not_be_noted(parts, resumables):
    upload = await created(resumables)
    await send(parts, resumables, upload, CONTENT[:-1])
    await resumables.enter(upload.noted.id, MINE, None)
    await parts.reception.work(lambda: upload.file.begin(None, missing=1))
    resumables.write(upload, CONTENT[-1:])
    await resumables.save(upload)
    parts.steps.notes_away = True
    with pytest.raises(Unavailable):
        await resumables.settle(upload, modified=5.0)
    resumables.leave(upload, after=None)
    again = await resumables.enter(upload.noted.id, MINE, None)
    await resumables.settle(again, modified=5.0)
    assert again.noted.receipt
    assert parts.store.ledger.totals() == (1, len(CONTENT))


async def test_a_ledger_that_is_away_acknowledges_nothing_and_the_part_stays(parts, resumables):
    upload = await created(resumables)
    parts.steps.ledger_away = True
    with pytest.raises(Unavailable):
        await send(parts, resumables, upload, CONTENT)
    assert not upload.noted.receipt
    assert parts.left_over() == [upload.noted.id]
    parts.steps.ledger_away = False
    await resumables.settle(upload, modified=None)
    assert upload.noted.receipt
    assert parts.files() == {"station1/a.txt": CONTENT}


async def test_nobody_elses_upload_can_be_entered(resumables):
    upload = await created(resumables)
    with pytest.raises(NotFound):
        await resumables.enter(upload.noted.id, THEIRS, None)


async def test_one_too_many_gives_up_the_oldest_of_its_own_pi_only(resumables):
    theirs = await created(resumables, owner=THEIRS)
    first, *others = [await created(resumables, name=f"{number}.txt") for number in range(4)]
    with pytest.raises(NotFound):
        await resumables.enter(first.noted.id, MINE, None)
    for upload in (*others, theirs):
        assert await resumables.enter(upload.noted.id, upload.owner, None) is upload


async def test_too_many_of_all_are_refused_and_nobodys_is_given_up_for_it(parts):
    resumables = parts.resumables(most=2, most_of_one=2)
    kept = [await created(resumables, name=name) for name in ("a.txt", "b.txt")]
    with pytest.raises(Unavailable):
        await created(resumables, owner=THEIRS)
    for upload in kept:
        assert await resumables.enter(upload.noted.id, MINE, None) is upload


async def test_those_that_come_at_once_are_bounded_as_well(parts):
    resumables = parts.resumables(most=3, most_of_one=3)
    made = await asyncio.gather(
        *(created(resumables, name=f"{number}.txt", owner=THEIRS if number % 2 else MINE) for number in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Resumable) for one in made) == 3


async def test_room_is_claimed_once_and_given_back(parts, resumables):
    upload = await created(resumables, 60 * MEGABYTE)
    with pytest.raises(NoSpace):
        await created(resumables, 60 * MEGABYTE, name="b.txt")
    await resumables.drop(upload)
    assert parts.space.left() == parts.space.free


async def test_room_is_given_back_where_the_ledger_does_not_take_an_upload(parts, resumables):
    parts.steps.notes_away = True
    with pytest.raises(Unavailable):
        await created(resumables, 60 * MEGABYTE)
    assert parts.space.left() == parts.space.free


async def test_an_upload_that_got_no_byte_is_given_up_after_minutes(parts, resumables):
    upload = await created(resumables, 60 * MEGABYTE)
    assert upload.noted.expires_at == parts.clock.now + 10 * MINUTE
    parts.clock.now += 10 * MINUTE + 1
    await resumables.tend()
    assert parts.space.left() == parts.space.free
    assert parts.store.ledger.unfinished() == []
    with pytest.raises(NotFound):
        await resumables.enter(upload.noted.id, MINE, None)


async def test_empty_pieces_do_not_keep_an_upload_alive(parts, resumables):
    upload = await created(resumables)
    parts.clock.now += 9 * MINUTE
    await send(parts, resumables, upload, b"")
    await break_off(parts, resumables, upload, b"")
    parts.clock.now += MINUTE + 1
    await resumables.tend()
    assert parts.store.ledger.unfinished() == []


async def test_an_upload_that_got_a_byte_is_kept_for_hours_but_its_room_for_minutes(parts, resumables):
    upload = await created(resumables, 60 * MEGABYTE)
    await send(parts, resumables, upload, CONTENT)
    parts.clock.now += 10 * MINUTE + 1
    await resumables.tend()
    assert parts.space.left() == parts.space.free, "the test's disk does not count what lies on it"
    assert await resumables.enter(upload.noted.id, MINE, None) is upload
    await parts.reception.work(lambda: upload.file.begin(None, missing=upload.missing))
    assert parts.space.left() == parts.space.free - upload.missing, "it is claimed again"
    resumables.leave(upload, after=None)
    await resumables.stop()
    parts.clock.now += HOUR + 1
    await resumables.tend()
    assert parts.store.ledger.unfinished() == []


async def test_one_that_comes_back_to_a_full_disk_is_told_and_keeps_what_it_sent(parts, resumables):
    upload = await created(resumables, 60 * MEGABYTE)
    await send(parts, resumables, upload, CONTENT)
    parts.clock.now += 10 * MINUTE + 1
    await resumables.tend()
    parts.space.free = 10 * MEGABYTE
    with pytest.raises(NoSpace):
        await send(parts, resumables, upload, CONTENT)
    assert upload.noted.offset == len(CONTENT)


async def test_what_one_pi_claims_without_sending_anything_is_bounded(parts):
    resumables = parts.resumables(most=50, most_of_one=32)
    for number in range(32):
        await created(resumables, 10 * MEGABYTE, name=f"{number}.txt")
    assert parts.space.left() == parts.space.free - MOST_UNSENT * 10 * MEGABYTE
    assert len(parts.store.ledger.unfinished()) == 32


async def test_what_an_earlier_run_promised_is_bounded_by_the_clock_too(parts, resumables):
    upload = await created(resumables)
    parts.store.ledger.put_unfinished(replace(upload.noted, expires_at=parts.clock.now + 72 * HOUR))
    later = parts.resumables()
    await later.start()
    parts.clock.now += 10 * MINUTE + 1
    await later.tend()
    assert parts.store.ledger.unfinished() == []
