"""One resumable upload: requests for it take turns, and one that waits for its body gives way."""

import asyncio

import pytest

from pi_receiver.domain.refusals import Busy
from pi_receiver.tus import resumable
from tests.fakes.receiver_parts import MINE, Parts


@pytest.fixture
async def upload(tmp_path):
    return await Parts(tmp_path).resumables().create(MINE, name="a.txt", digest="0" * 64, length=10)


async def test_it_tells_whose_it_is_and_what_is_missing(upload):
    assert (upload.owner, upload.missing, upload.whole) == (MINE, 10, False)


async def test_a_request_that_waits_for_its_body_is_ended_by_the_next(upload):
    await upload.take_turn()
    upload.may_be_cut(upload.give_turn_back)
    await upload.take_turn()
    assert upload.turn.locked()


async def test_a_request_that_ends_by_itself_is_waited_for(upload):
    await upload.take_turn()
    upload.may_be_cut(None)
    second = asyncio.ensure_future(upload.take_turn())
    await asyncio.sleep(0)
    assert not second.done()
    upload.give_turn_back()
    await second


async def test_one_that_does_not_end_in_time_leaves_the_other_without_a_turn(upload, monkeypatch):
    monkeypatch.setattr(resumable, "CUT_SECONDS", 0.0)
    await upload.take_turn()
    with pytest.raises(Busy):
        await upload.take_turn()
