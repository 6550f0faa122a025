"""The broker keeps what it shall: all of it is told, then what changed, and what is over is cleared."""

import asyncio
import contextlib
import json

import pytest
from prometheus_client import CollectorRegistry

from backbone.errors import Unavailable
from backbone.wire.to_client import Cameras, Sighting
from backbone.wire.values import CameraView
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.fleet_view import FleetView
from mqtt_gateway.event_service import EventService
from mqtt_gateway.metrics import GatewayMetrics
from tests.fakes.waiting import until
from tests.unit.mqtt_gateway.fakes import FakeRetained

NOW = 1_700_000_000.0
ANNA = {"objectId": 1, "name": "Anna", "mqtt": True, "mqttCrops": True}
HIDDEN = {"objectId": 2, "name": "Boris", "mqtt": False, "mqttCrops": False}


class Broker:
    """Keeps what is published to be kept, and the rest in order."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.events: list[dict] = []
        self.publications = 0

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.publications += 1
        if not retain:
            self.events.append(json.loads(payload))
        elif payload:
            self.kept[topic] = payload
        else:
            self.kept.pop(topic, None)


class Orchestrator:
    """What a page would hear and be answered."""

    def __init__(self) -> None:
        self.connected = False
        self.cases, self.sightings, self.crops = [ANNA, HIDDEN], [], {}
        self.away = False

    async def run(self, *, heard, opened, closed) -> None:
        self.say, self.closed, self.opened = heard, closed, opened
        closed()
        await asyncio.Event().wait()

    def connect(self) -> None:
        self.connected = True
        self.opened()
        self.say(Cameras(cameras=[CameraView(camera_id="door", state="online", since=NOW)]))

    async def data_of(self, path: str) -> list[dict]:
        if self.away:
            raise Unavailable("expected the orchestrator to answer, got nothing")
        return self.cases if path == "/api/cases" else self.sightings

    async def crop(self, sighting_id: str) -> bytes | None:
        return self.crops.get(sighting_id)


class House:
    """An event service with its neighbours in memory."""

    def __init__(self) -> None:
        self.broker, self.orchestrator, self.retained = Broker(), Orchestrator(), FakeRetained()
        self.service = EventService(
            link=self.broker,
            client=self.orchestrator,
            view=FleetView("homeassistant"),
            store=self.retained,
            metrics=GatewayMetrics(CollectorRegistry()),
            now=lambda: NOW,
        )

    @contextlib.asynccontextmanager
    async def run(self):
        running = asyncio.create_task(self.service.run())
        await until(lambda: hasattr(self.orchestrator, "say"))
        yield self
        running.cancel()
        await asyncio.wait([running])

    async def all_told(self) -> None:
        self.orchestrator.connect()
        await until(lambda: topics.case_state(1) in self.broker.kept)


@pytest.fixture
async def house():
    async with House().run() as made:
        yield made


def sighting(case: int = 1, number: int = 1, **more) -> Sighting:
    told = {"first_seen": NOW, "last_seen": NOW, "frames": 1, "rect": (0.1, 0.1, 0.2, 0.2), "has_crop": True}
    told |= {"certainty": 0.9, "distance": 0.4, "object_id": case, "camera_id": "door"}
    return Sighting(sighting_id=f"{case}-{number}", **(told | more))


async def test_cameras_and_open_cases_are_kept_by_the_broker_and_nothing_of_others(house):
    await house.all_told()
    assert json.loads(house.broker.kept[topics.camera_state("door")])["state"] == "online"
    assert not any("Boris" in payload.decode() for payload in house.broker.kept.values())
    assert house.retained.kept == house.broker.kept.keys(), "noted before it was told"


async def test_a_sighting_is_told_with_its_picture_kept(house):
    await house.all_told()
    house.orchestrator.crops["1-1"] = b"jpeg"
    house.orchestrator.say(sighting())
    house.orchestrator.say(sighting(case=2))
    await until(lambda: topics.camera_snapshot("door") in house.broker.kept)
    assert [event["name"] for event in house.broker.events] == ["Anna"]
    assert house.broker.kept[topics.camera_snapshot("door")] == b"jpeg"


async def test_what_was_seen_before_a_start_is_kept_and_is_no_news():
    house = House()
    house.orchestrator.sightings = [
        {
            "sightingId": "1-1",
            "objectId": 1,
            "cameraId": "door",
            "firstSeen": NOW,
            "lastSeen": NOW,
            "frames": 1,
            "rect": [0.1, 0.1, 0.2, 0.2],
            "hasCrop": False,
            "certainty": 0.9,
            "distance": 0.4,
        }
    ]
    async with house.run():
        await house.all_told()
        assert json.loads(house.broker.kept[topics.case_state(1)])["seen"] == "ON"
        assert house.broker.events == []


async def test_what_an_earlier_run_told_and_is_over_is_cleared():
    house = House()
    old = topics.case_state(9)
    house.broker.kept[old] = b"{}"
    house.retained.kept.add(old)
    async with house.run():
        await house.all_told()
        await until(lambda: old not in house.broker.kept and old not in house.retained.kept)


async def test_nothing_is_cleared_before_the_cases_are_known():
    house = House()
    house.orchestrator.away = True
    old = topics.case_state(1)
    house.broker.kept[old] = b"{}"
    house.retained.kept.add(old)
    async with house.run():
        house.orchestrator.connect()
        await until(lambda: topics.FLEET in house.broker.kept)
        assert house.broker.kept[old] == b"{}"


async def test_everything_is_told_again_when_that_is_asked_and_else_only_what_changed(house):
    await house.all_told()
    told, house.broker.kept = house.broker.kept, {}
    house.orchestrator.say(Cameras(cameras=[CameraView(camera_id="door", state="offline", since=NOW)]))
    await until(lambda: topics.FLEET in house.broker.kept)
    assert house.broker.kept.keys() == {topics.FLEET, topics.camera_state("door")}
    house.service.tell_everything()
    await until(lambda: house.broker.kept.keys() == told.keys())


async def test_while_redis_is_away_nothing_is_told_that_could_not_be_cleared_later(house):
    house.retained.away = {"add": 1_000_000}
    house.orchestrator.connect()
    await until(lambda: house.retained.away["add"] < 1_000_000 - 2)
    assert topics.case_state(1) not in house.broker.kept
    house.retained.away = {}
    await until(lambda: topics.case_state(1) in house.broker.kept)
