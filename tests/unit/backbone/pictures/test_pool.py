"""The processes behind foreign pictures: what one picture does to its fork costs no other picture anything."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from backbone.errors import BadInput, Unavailable
from backbone.pictures import pool as picture_pool
from backbone.pictures.cleaner import PictureCleaner
from backbone.pictures.pool import PicturePool

ODD = "tests.fakes.odd_zygote"
PATIENCE = 40.0


@pytest.fixture
async def pool():
    made = PicturePool(module=ODD)
    yield made
    await made.stop()
    assert made.pids == set()


@pytest.fixture
async def single():
    made = PicturePool(size=1, module=ODD)
    yield made
    await made.stop()
    assert made.pids == set()


def picture(width=64, height=32):
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "JPEG")
    return out.getvalue()


async def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def parent_of(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def children_of(pids):
    """Return the running and the dead-but-not-reaped children of processes."""
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if parent_of(path.name) in pids}


async def test_pictures_are_cleaned_at_once_by_as_many_zygotes_as_the_pool_has(pool, capsys):
    cleaner = PictureCleaner(pool=pool, max_side=256, quality=85)
    began = time.perf_counter()
    cleaned = await asyncio.gather(*(cleaner.clean(picture(200, 240)) for _ in range(40)))
    with capsys.disabled():
        print(f"\n40 crops cleaned in {time.perf_counter() - began:.2f} s")  # noqa: T201 - the number is for the reader
    assert {(clean.width, clean.height) for clean in cleaned} == {(200, 240)}
    assert len(pool.pids) == 2


async def test_nothing_is_started_before_the_first_picture(pool):
    await pool.start()
    assert pool.pids == set()


async def test_a_zygote_has_one_thread_and_stays_the_same(single):
    cleaner = PictureCleaner(pool=single)
    await cleaner.clean(picture())
    (zygote,) = single.pids
    await cleaner.clean(picture())
    assert single.pids == {zygote}
    assert len(list(Path(f"/proc/{zygote}/task").iterdir())) == 1


@pytest.mark.parametrize("raw", [b"crash", b"pretend", b"flood"])
async def test_a_fork_that_goes_wrong_costs_one_picture(single, raw):
    cleaner = PictureCleaner(pool=single)
    await cleaner.clean(picture())
    zygotes = single.pids
    with pytest.raises(BadInput, match="ends the decoder") as refusal:
        await cleaner.clean(raw)
    assert refusal.value.code == "bad_picture"
    assert (await cleaner.clean(picture())).width == 64
    assert single.pids == zygotes


async def test_a_fork_that_hangs_is_killed_and_its_zygote_lives_on(single, monkeypatch):
    cleaner = PictureCleaner(pool=single)
    await cleaner.clean(picture())
    zygotes = single.pids
    monkeypatch.setattr(picture_pool, "DECODE_SECONDS", 0.3)
    with pytest.raises(BadInput, match=r"decoded within 0\.3 s") as refusal:
        await cleaner.clean(b"hang")
    assert refusal.value.code == "bad_picture"
    await until(lambda: not children_of(zygotes))
    monkeypatch.undo()
    assert (await cleaner.clean(picture())).width == 64
    assert single.pids == zygotes


async def test_a_caller_that_gives_up_leaves_no_fork_behind(single):
    cleaner = PictureCleaner(pool=single)
    await cleaner.clean(picture())
    zygotes = single.pids
    cleaning = asyncio.ensure_future(cleaner.clean(b"hang"))
    await until(lambda: children_of(zygotes))
    cleaning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cleaning
    await until(lambda: not children_of(zygotes))
    assert (await cleaner.clean(picture())).width == 64
    assert single.pids == zygotes


async def test_a_zygote_that_is_killed_in_the_middle_is_replaced_and_the_picture_tried_again(single):
    cleaner = PictureCleaner(pool=single)
    cleaning = asyncio.ensure_future(cleaner.clean(b"hang"))
    await until(lambda: children_of(single.pids))
    forks = children_of(first := single.pids)
    os.kill(*first, signal.SIGKILL)
    await until(lambda: single.pids != first and children_of(single.pids))
    assert not any(Path(f"/proc/{fork}/fd/0").exists() for fork in forks), "a fork lives longer than its zygote"
    cleaning.cancel()
    await asyncio.wait([cleaning])
    assert (await cleaner.clean(picture())).width == 64


async def test_a_zygote_that_is_killed_between_two_pictures_is_replaced(single):
    cleaner = PictureCleaner(pool=single)
    await cleaner.clean(picture())
    first = single.pids
    os.kill(*first, signal.SIGKILL)
    assert (await cleaner.clean(picture())).width == 64
    assert single.pids.isdisjoint(first)


async def test_a_picture_that_takes_two_zygotes_along_is_refused(single):
    cleaner = PictureCleaner(pool=single)
    with pytest.raises(BadInput, match="ends the decoder"):
        await cleaner.clean(b"take the zygote along")
    assert (await cleaner.clean(picture())).width == 64


async def test_a_zygote_that_does_not_answer_is_replaced(single, monkeypatch):
    monkeypatch.setattr(picture_pool, "DECODE_SECONDS", 0.1)
    monkeypatch.setattr(picture_pool, "KILLED_SECONDS", 0.1)
    cleaner = PictureCleaner(pool=single)
    with pytest.raises(BadInput, match="decoded within"):
        await cleaner.clean(b"hang")
    first = single.pids
    os.kill(*first, signal.SIGSTOP)
    with pytest.raises(BadInput, match="decoded within"):
        await cleaner.clean(b"hang")
    with pytest.raises(BadInput, match="decoded within"):
        await cleaner.clean(b"hang")
    assert single.pids.isdisjoint(first)


async def test_a_fork_has_one_file_to_the_parent_and_none_of_its_secrets(single, monkeypatch):
    monkeypatch.setenv("JWT", "secret")
    cleaner = PictureCleaner(pool=single)
    with pytest.raises(BadInput) as told:
        await cleaner.clean(b"files")
    # 3 is the folder that is being listed
    assert told.value.message == "0 1 2 3"
    with pytest.raises(BadInput) as told:
        await cleaner.clean(b"environment")
    assert set(told.value.message.split()) <= {"PYTHONPATH", "LC_CTYPE"}


async def test_a_picture_that_takes_all_memory_costs_itself(single):
    cleaner = PictureCleaner(pool=single)
    with pytest.raises(BadInput, match="fits into 2 GiB"):
        await cleaner.clean(b"memory")
    assert (await cleaner.clean(picture())).width == 64


async def test_where_no_process_can_be_started_it_is_not_the_picture_that_is_blamed(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with pytest.raises(Unavailable, match="expected to start a decoder"):
        await PictureCleaner().clean(picture())
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="got one that ends or does not answer"):
        await PictureCleaner().clean(picture())


async def test_too_many_waiting_pictures_are_refused(single, monkeypatch):
    monkeypatch.setattr(picture_pool, "MAX_WAITING", 3)
    cleaner = PictureCleaner(pool=single)
    waiting = [asyncio.ensure_future(cleaner.clean(b"hang")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="at most 3 pictures to wait"):
        await cleaner.clean(picture())
    for job in waiting:
        job.cancel()
    await asyncio.wait(waiting)
    assert (await cleaner.clean(picture())).width == 64


async def test_too_many_waiting_bytes_are_refused(single, monkeypatch):
    monkeypatch.setattr(picture_pool, "MAX_WAITING_BYTES", 1000)
    cleaner = PictureCleaner(pool=single)
    waiting = asyncio.ensure_future(cleaner.clean(b"hang" + bytes(900)))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="at most 1000 bytes of pictures to wait"):
        await cleaner.clean(bytes(101))
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_who_stops_the_pool_waits_for_nobody_and_blames_no_picture():
    pool = PicturePool(size=1, module=ODD)
    cleaner = PictureCleaner(pool=pool)
    cleaning = [asyncio.ensure_future(cleaner.clean(b"hang")) for _ in range(3)]
    await until(lambda: children_of(pool.pids))
    zygotes = pool.pids
    await pool.stop()
    answers = await asyncio.gather(*cleaning, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert not any(Path(f"/proc/{zygote}").exists() for zygote in zygotes)
    with pytest.raises(Unavailable, match="being stopped"):
        await cleaner.clean(picture())
    await pool.stop()


async def test_a_thousand_pictures_leave_no_process_and_no_open_file(pool):
    cleaner = PictureCleaner(pool=pool)
    await asyncio.gather(*(cleaner.clean(picture()) for _ in range(10)))
    zygotes = pool.pids

    def open_files():
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in ("self", *sorted(zygotes))]

    before = open_files()
    for _ in range(50):
        await asyncio.gather(*(cleaner.clean(picture()) for _ in range(20)))
    assert pool.pids == zygotes
    assert open_files() == before
    assert not children_of(zygotes)


PARENT = f"""
import asyncio
from backbone.pictures.pool import PicturePool

async def main():
    pool = PicturePool(module={ODD!r})
    hanging = [asyncio.ensure_future(pool.decode(b"hang", max_side=1, quality=1)) for _ in range(2)]
    while len(pool.pids) < 2:
        await asyncio.sleep(0.01)
    print(*pool.pids, flush=True)
    await asyncio.wait(hanging)

asyncio.run(main())
"""


async def test_when_the_role_is_killed_no_process_is_left():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        zygotes = {int(pid) for pid in parent.stdout.readline().split()}
        await until(lambda: len(children_of(zygotes)) == 2)
        processes = zygotes | children_of(zygotes)
        parent.kill()
    await until(lambda: not any(runs(pid) for pid in processes))


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
