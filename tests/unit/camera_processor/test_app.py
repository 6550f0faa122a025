"""The parts are joined as the settings say, and live and die together."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from tornado.httpclient import AsyncHTTPClient

from backbone.lifecycle import live
from backbone.settings import load
from backbone.web.http import HttpServer
from camera_processor.analyst import Analyst, Turn
from camera_processor.app import parts_of
from camera_processor.orchestrator_client import OrchestratorClient
from camera_processor.settings import Settings
from tests.fakes.waiting import child_processes, until

ORCHESTRATOR = ("--orchestrator-url", "ws://127.0.0.1:9/processor")


class Blind(Analyst):
    """Sees nothing and makes no JPEG."""

    def __init__(self):
        pass

    def turn(self, _frame, _commands, _wanted):
        return Turn()


def settings(*arguments):
    told = ("--source", "test:?fps=50&width=64&height=64", "--port", "0", *arguments)
    return load(Settings, program="python -m camera_processor", argv=list(told))


def parts(*arguments):
    return parts_of(settings(*arguments), load_analyst=Blind)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), False), (ORCHESTRATOR, True), ((*ORCHESTRATOR, "--processor-mode", "tornado"), False)],
)
def test_an_orchestrator_is_told_only_where_one_is_named_and_wanted(arguments, told):
    assert any(isinstance(part, OrchestratorClient) for part in parts(*arguments)) is told


async def get(url):
    return await AsyncHTTPClient().fetch(url, raise_error=False)


async def test_the_role_watches_its_camera_says_how_it_is_and_leaves_nothing_behind():
    children, stop, joined = child_processes(), asyncio.Event(), parts(*ORCHESTRATOR)
    (server,) = (part for part in joined if isinstance(part, HttpServer))
    with capture_logs() as logs:
        living = asyncio.create_task(live(joined, stop))
        await until(lambda: any(line["event"] == "source_state" for line in logs))
        url = f"http://127.0.0.1:{server.port}"
        answer = await get(f"{url}/readyz")
        metrics = (await get(f"{url}/metrics")).body.decode()
        page = await get(f"{url}/")
        stop.set()
        await living
    dependencies = json.loads(answer.body)["dependencies"]
    assert answer.code == 503, "there is no orchestrator"
    assert dependencies["source"] == {"ok": True, "detail": "online"}
    assert not dependencies["orchestrator"]["ok"]
    assert 'camera_processor_source_state{state="online"} 1.0' in metrics
    assert b"<html" in page.body
    assert child_processes() == children


async def test_models_that_cannot_be_loaded_end_the_role_and_no_camera_is_opened():
    def fail():
        raise OSError("no such model")

    children = child_processes()
    with pytest.raises(OSError, match="no such model"):
        await live(parts_of(settings(), load_analyst=fail), asyncio.Event())
    assert child_processes() == children
