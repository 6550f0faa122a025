"""The newest value wins, from any thread."""

import asyncio
import threading

import pytest

from backbone.latest_slot import LatestSlot


async def test_the_newest_value_is_taken_and_the_older_ones_are_counted():
    slot = LatestSlot()
    for number in range(5):
        slot.put(number)
    assert await slot.take(timeout=0) == 4
    assert slot.dropped == 4


async def test_a_value_is_taken_once():
    slot = LatestSlot()
    slot.put("a")
    assert await slot.take(timeout=0) == "a"
    assert await slot.take(timeout=0.01) is None
    assert slot.dropped == 0


async def test_taking_waits_for_a_value_from_another_thread():
    slot = LatestSlot()
    taking = asyncio.ensure_future(slot.take(timeout=40))
    await asyncio.sleep(0)
    threading.Thread(target=slot.put, args=("a",)).start()
    assert await taking == "a"


async def test_many_threads_lose_nothing_that_is_not_counted():
    slot, threads, each = LatestSlot(), 4, 2_000
    done = threading.Barrier(threads + 1)

    def put_all(thread):
        for number in range(each):
            slot.put((thread, number))
        done.wait()

    for thread in range(threads):
        threading.Thread(target=put_all, args=(thread,)).start()
    finished = asyncio.ensure_future(asyncio.to_thread(done.wait))
    last, taken = {}, 0
    while not finished.done() or taken + slot.dropped < threads * each:
        value = await slot.take(timeout=0.05)
        if value is not None:
            thread, number = value
            assert number > last.get(thread, -1), "an older value came after a newer one"
            last[thread], taken = number, taken + 1
    assert taken + slot.dropped == threads * each


async def test_a_wait_that_was_given_up_leaves_the_slot_whole():
    slot = LatestSlot()
    taking = asyncio.ensure_future(slot.take(timeout=40))
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    slot.put("a")
    assert await slot.take(timeout=0) == "a"


def test_a_thread_may_still_put_after_the_loop_of_a_cancelled_wait_ended():
    slot = LatestSlot()

    async def give_up():
        taking = asyncio.ensure_future(slot.take(timeout=40))
        await asyncio.sleep(0)
        taking.cancel()

    asyncio.run(give_up())
    slot.put("a")
    slot.put("b")
    assert slot.dropped == 1
