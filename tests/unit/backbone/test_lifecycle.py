import asyncio

import pytest

from backbone.lifecycle import Held, Part, live


class Told(Part):
    def __init__(self, name: str, said: list[str], *, fails: str = "", ready: asyncio.Event | None = None) -> None:
        self._name, self._said, self._fails, self._ready = name, said, fails, ready

    async def start(self) -> None:
        self._say("start")

    async def run(self) -> None:
        self._say("run")
        if self._ready is not None:
            self._ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._say("ran")

    async def stop(self) -> None:
        self._say("stop")

    def _say(self, step: str) -> None:
        self._said.append(f"{step} {self._name}")
        if step == self._fails:
            raise OSError(f"{self._name} cannot {step}")


async def test_parts_start_in_order_run_together_and_stop_in_reverse_order():
    said: list[str] = []
    stop = asyncio.Event()
    await live([Told("store", said), Told("server", said, ready=stop)], stop)
    assert said[:2] == ["start store", "start server"]
    assert set(said[2:6]) == {"run store", "run server", "ran store", "ran server"}
    assert said[6:] == ["stop server", "stop store"]


async def test_a_part_that_cannot_start_stops_those_before_it_and_runs_nothing():
    said: list[str] = []
    with pytest.raises(OSError, match="server cannot start"):
        await live([Told("store", said), Told("server", said, fails="start"), Told("late", said)], asyncio.Event())
    assert said == ["start store", "start server", "stop store"]


async def test_a_part_that_fails_ends_the_others_and_all_are_stopped():
    said: list[str] = []
    with pytest.raises(ExceptionGroup) as caught:
        await live([Told("store", said), Told("server", said, fails="run")], asyncio.Event())
    assert [str(fault) for fault in caught.value.exceptions] == ["server cannot run"]
    assert said[-2:] == ["stop server", "stop store"]


async def test_a_part_that_cannot_stop_keeps_no_other_from_stopping():
    said: list[str] = []
    stop = asyncio.Event()
    with pytest.raises(OSError, match="server cannot stop"):
        await live([Told("store", said), Told("server", said, fails="stop", ready=stop)], stop)
    assert said[-2:] == ["stop server", "stop store"]


async def test_connections_are_let_go_when_the_role_stops():
    class Connection:
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    connection, stop = Connection(), asyncio.Event()
    stop.set()
    await live([Held(connection)], stop)
    assert connection.closed
