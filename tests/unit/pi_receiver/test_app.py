"""The receiver as a whole: it starts and stops, lets its folder go, and keeps what came."""

import asyncio

import pytest
from tornado.httpclient import AsyncHTTPClient

from backbone.errors import Unavailable
from backbone.lifecycle import live
from pi_receiver.app import Receiver
from pi_receiver.settings import Settings
from tests.fakes.waiting import until


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "ids.txt").write_text("a" * 16 + "\n")
    (tmp_path / "files").mkdir()
    return Settings(port=0, ids=tmp_path / "ids.txt", received_files=tmp_path / "files")


async def test_it_serves_until_it_is_stopped_and_its_folder_is_free_then(settings):
    for _ in range(2):
        receiver, stop = Receiver(settings), asyncio.Event()
        living = asyncio.ensure_future(live(receiver.parts(), stop))
        await until(lambda receiver=receiver: receiver.server.port)
        answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{receiver.server.port}/readyz", raise_error=False)
        assert answer.code == 200, answer.body
        with pytest.raises(Unavailable, match="only receiver"):
            Receiver(settings)
        stop.set()
        await living
