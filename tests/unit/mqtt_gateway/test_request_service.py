"""Requests are kept before they are settled, run once, and answered in their own form to their own client."""

import base64
import json

import pytest
from prometheus_client import CollectorRegistry

from backbone.errors import Unavailable
from backbone.wire.jobs import Failed
from backbone.wire.offload import Offloaded
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import Record
from mqtt_gateway.handover import Handover
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_service import MOST_SAID_ASIDE, REPLIES, RequestService
from tests.fakes.waiting import until
from tests.unit.mqtt_gateway.fakes import FakeLink, FakeQueue, FakeStore, no_pause


class House:
    """A request service with its neighbours in memory."""

    def __init__(self, **store: object) -> None:
        self.link, self.store, self.queue = FakeLink(), FakeStore(**store), FakeQueue()
        self.registry = CollectorRegistry()
        self.handover = Handover(store=self.store, queue=self.queue, pause=no_pause)
        self.service = RequestService(
            link=self.link,
            store=self.store,
            handover=self.handover,
            metrics=GatewayMetrics(self.registry),
            pause=no_pause,
        )

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    async def said(self, count: int) -> list[tuple[str, bytes, bytes | None]]:
        await until(lambda: len(self.link.published) >= count)
        return self.link.published

    def task_id(self) -> str:
        (task_id,) = self.store.open
        return task_id


@pytest.fixture
async def house():
    made = House()
    yield made
    await made.service.stop()


def text(topic: str = "localCode/a", payload: str = "1 2", **more) -> Incoming:
    told = {"qos": 1, "packet": 1, "again": False, "kept": False, "connection": 1} | more
    return Incoming(topic, payload.encode(), **told)


def ours(request_id: str = "r1", program: str = "add", **more) -> Incoming:
    return text("localCode/a", json.dumps({"requestId": request_id, "program": program}), **more)


def done(task_id: str, **more) -> Offloaded:
    return Offloaded(task_id, "a", "ok", stdout="7", **more)


# There.


async def test_a_request_is_kept_as_what_the_workers_are_told(house):
    await house.service.take(text())
    (request,) = house.store.open.values()
    assert (request.client, request.task.reply, request.task.program, request.task.args) == (
        "a",
        REPLIES,
        "program",
        ("1", "2"),
    )
    assert house.metric("mqtt_gateway_requests_total", form="text", outcome="run") == 1


async def test_a_topic_that_is_nobodys_is_dropped_and_nobody_told(house):
    await house.service.take(text("localCode/a/b"))
    assert (house.store.open, house.link.published) == ({}, [])
    assert house.metric("mqtt_gateway_dropped_total", reason="bad_topic") == 1


async def test_what_cannot_be_read_is_refused_in_its_own_form_and_not_kept(house):
    await house.service.take(text("inputCode/a", "no parts"))
    await house.service.take(text("inputCode/a", '{"requestId": "r"}', correlation=b"c"))
    (first, second) = await house.said(2)
    assert (first[0], first[1][:17]) == ("result/a", b"error: rejected: ")
    assert (second[0], second[2]) == ("result/a", b"c")
    assert json.loads(second[1]) | {"message": ""} == json.loads(second[1]) | {"message": "", "requestId": "r"}
    assert json.loads(second[1])["status"] == "rejected"
    assert house.store.open == {}
    assert house.metric("mqtt_gateway_requests_total", form="json", outcome="refused") == 1
    assert house.metric("mqtt_gateway_answers_total", status="rejected") == 2


async def test_json_without_an_id_that_can_be_read_is_answered_in_json_with_none(house):
    await house.service.take(text("inputCode/a", "{}"))
    ((_, payload, _),) = await house.said(1)
    assert json.loads(payload)["requestId"] is None


async def test_while_redis_is_away_a_request_is_tried_until_it_is_kept(house):
    house.store.away = {"take": 3}
    await house.service.take(text())
    assert len(house.store.open) == 1
    assert not house.handover.works
    assert house.handover.last_error.startswith("take: ")


async def test_a_request_that_was_kept_although_nobody_heard_it_is_kept_once():
    house = House(keeps_unheard=True)
    house.store.away = {"take": 2}
    await house.service.take(text())
    assert len(house.store.open) == 1
    assert house.metric("mqtt_gateway_requests_total", form="text", outcome="known") == 1


async def test_more_than_may_wait_is_refused():
    house = House(running=1, waiting=1)
    for packet in range(3):
        await house.service.take(text(packet=packet))
    ((_, payload, _),) = await house.said(1)
    assert payload.startswith(b"error: rejected: expected fewer requests")
    assert len(house.store.open) == 2
    assert house.metric("mqtt_gateway_requests_total", form="text", outcome="full") == 1


async def test_a_request_that_comes_again_is_answered_from_its_record(house):
    await house.service.take(ours())
    (record,) = house.store.records.values()
    await house.service.take(ours(packet=2))
    assert house.link.published == [], "its answer is on its way"
    house.store.records["r1"] = Record(record.digest, base64.b64encode(b"kept").decode())
    await house.service.take(ours(packet=3, correlation=b"new"))
    assert await house.said(1) == [("result/a", b"kept", b"new")]
    assert len(house.store.open) == 1


async def test_another_request_under_a_used_id_is_refused(house):
    await house.service.take(ours())
    await house.service.take(ours(program="other"))
    ((_, payload, _),) = await house.said(1)
    assert json.loads(payload)["message"].startswith("requestId: expected a new one")


async def test_refusals_that_the_broker_does_not_take_are_bounded(house):
    house.link.there.clear()
    for _ in range(MOST_SAID_ASIDE + 2):
        await house.service.take(text("inputCode/a", "no parts"))
    assert house.metric("mqtt_gateway_dropped_total", reason="too_many_refusals") == 2


async def test_nothing_that_is_said_aside_outlives_the_service(house):
    house.link.there.clear()
    await house.service.take(text("inputCode/a", "no parts"))
    await house.service.stop()
    house.link.there.set()
    assert house.link.published == []


# And back.


async def test_a_result_is_noted_then_published_then_forgotten(house):
    await house.service.take(text(correlation=b"c"))
    task_id = house.task_id()
    await house.service.deliver(done(task_id))
    assert house.link.published == [("result/a", b"7", b"c")]
    assert house.store.payloads == {task_id: b"7"}
    assert (house.store.open, house.store.running) == ({}, set())
    assert house.metric("mqtt_gateway_answers_total", status="ok") == 1


async def test_a_result_of_a_json_request_is_told_whole_with_its_id(house):
    await house.service.take(ours())
    await house.service.deliver(done(house.task_id(), cpu_ms=1.5))
    ((_, payload, _),) = house.link.published
    told = json.loads(payload)
    assert (told["requestId"], told["status"], told["stdout"], told["cpuMs"]) == ("r1", "ok", "7", 1.5)


@pytest.mark.parametrize(("code", "status"), [("too_slow", "timeout"), ("too_big", "memory"), ("crashed", "rejected")])
async def test_a_task_that_its_worker_gave_up_is_answered(house, code, status):
    await house.service.take(ours())
    await house.service.deliver(Failed(house.task_id(), "a", code, "why"))
    told = json.loads(house.link.published[0][1])
    assert (told["status"], told["message"]) == (status, "why")


async def test_a_result_that_comes_again_is_not_answered_again(house):
    await house.service.take(text())
    result = done(house.task_id())
    await house.service.deliver(result)
    await house.service.deliver(result)
    assert len(house.link.published) == 1


@pytest.mark.parametrize(("away", "published"), [("opened", 0), ("answered", 0), ("delivered", 1)])
async def test_a_result_is_left_for_later_while_redis_is_away(house, away, published):
    await house.service.take(text())
    result = done(house.task_id())
    house.store.away = {away: 1}
    with pytest.raises(Unavailable):
        await house.service.deliver(result)
    assert len(house.link.published) == published
    assert not house.handover.works
    await house.service.deliver(result)
    assert house.link.published[-1] == ("result/a", b"7", None)
    assert house.store.open == {}
