"""What could not begin at once begins later."""

import asyncio

import pytest

from cloudlet import upkeep
from cloudlet.upkeep import Upkeep
from tests.fakes.waiting import until
from tests.unit.cloudlet.fakes import ANNA


async def test_a_batch_begins_once_the_queue_is_there_again(house, monkeypatch):
    monkeypatch.setattr(upkeep, "SECONDS", 0.001)
    await house.open_job("anna", ANNA)
    house.queue.away = {"enqueue match"}
    await house.new_photos(ANNA)
    running = asyncio.ensure_future(Upkeep(house.service).run())
    house.queue.away = set()
    await until(house.comparisons_under_way)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
