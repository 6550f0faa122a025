"""What servers hear: the way onto their roster, then what waits, in order, each until one took it."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from cloudlet.delivery_worker import MOST_REFUSALS, DeliveryWorker
from cloudlet.domain.failover import Failover
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox, OutboxItem
from tests.fakes.waiting import until
from tests.unit.cloudlet.fakes import FakeClock, FakeLink

A, B = "http://a", "http://b"
IDENTITY = {"cloudIP": "c", "cloudPort": "1"}
HEARTBEAT = {"epoch": "e", "interval": "5"}


class Street:
    """The worker between its outbox and two servers."""

    def __init__(self, folder) -> None:
        self.clock, self.link, self.registry = FakeClock(), FakeLink(), CollectorRegistry()
        self.outbox = DeliveryOutbox(folder / "spool.sqlite3", most_bytes=1_000)
        self.worker = DeliveryWorker(
            failover=Failover((A, B), heartbeat=5.0),
            link=self.link,
            outbox=self.outbox,
            metrics=CloudletMetrics(self.registry),
            identity=IDENTITY,
            heartbeat=HEARTBEAT,
            clock=self.clock,
        )

    async def put(self, *names: str) -> None:
        for name in names:
            await self.outbox.put(OutboxItem(name, "match", name, name.encode()))

    async def work(self, rounds: int = 30) -> None:
        """Go on until it would rest, but no longer than some rounds."""
        for _ in range(rounds):
            if not await self.worker.do_next():
                return

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def outcome(self, name: str) -> float:
        return self.metric("cloudlet_matches_total", outcome=name)


@pytest.fixture
async def street(tmp_path):
    made = Street(tmp_path)
    yield made
    await made.outbox.stop()


async def test_it_joins_asks_for_jobs_and_keeps_in_touch(street):
    assert (street.worker.state().ok, street.worker.state().detail) == (False, "not joined yet")
    await street.work()
    street.clock.now += 5.0
    await street.work()
    assert street.link.said == [
        (A, "cloudJoinReq", {"id": "1", **IDENTITY, **HEARTBEAT}, None),
        (A, "getJobs", IDENTITY, None),
        (A, "heartbeat", {**IDENTITY, **HEARTBEAT}, None),
    ]
    assert (street.worker.state().ok, street.worker.state().detail) == (True, f"joined {A}")
    assert street.metric("cloudlet_joined") == 1


async def test_what_waits_is_brought_in_order_and_each_once(street):
    await street.put("1", "2", "3")
    await street.work()
    await street.work()
    assert street.link.heard(A) == ["cloudJoinReq", "getJobs", "1.zip", "2.zip", "3.zip"]
    assert street.link.said[2] == (A, "match", {}, ("1.zip", b"1"))
    assert (street.outbox.bytes, street.outcome("delivered"), street.metric("cloudlet_spooled_bytes")) == (0, 3, 0)


async def test_a_leave_tells_who_this_cloudlet_is_and_is_no_match(street):
    await street.outbox.put(OutboxItem("l", "phoneLeaveReq"))
    await street.work()
    assert street.link.said[-1] == (A, "phoneLeaveReq", IDENTITY, None)
    assert (await street.outbox.oldest(), street.outcome("delivered")) == (None, 0)


async def test_what_waited_while_both_servers_were_away_is_brought_in_order_to_the_one_that_returns(street):
    street.link.away = {A, B}
    for name in ("1", "2", "3"):
        await street.put(name)
        street.clock.now += 10.0
        await street.work()
    assert (street.link.said, street.outbox.bytes) == ([], 3)
    assert (street.worker.state().ok, street.metric("cloudlet_joined")) == (False, 0)
    assert "expected an answer of http://" in street.worker.state().detail
    street.link.away = {A}
    for _ in range(2):  # one of them finds the server that is still away
        street.clock.now += 10.0
        await street.work()
    assert street.link.heard(B)[:5] == ["cloudJoinReq", "getJobs", "1.zip", "2.zip", "3.zip"]


async def test_when_a_server_goes_away_the_other_one_is_joined_and_gets_what_is_left(street):
    await street.put("1")
    await street.work()
    street.link.away = {A}
    await street.put("2", "3")
    await street.work()
    assert street.link.heard(B) == ["cloudJoinReq", "getJobs", "2.zip", "3.zip"]
    assert street.metric("cloudlet_switches_total") == 1
    street.link.away = {B}
    street.clock.now += 5.0
    await street.work()
    assert street.link.heard(A)[-2:] == ["cloudJoinReq", "getJobs"], "it is joined anew"


async def test_a_server_that_fails_at_a_match_is_left_and_the_match_stays(street):
    await street.work()
    street.link.answers["match"] = 500
    await street.put("1")
    await street.work(rounds=1)
    assert (street.worker.state().ok, street.outbox.bytes) == (False, 1)
    assert street.worker.state().detail == f"match: expected 200 of {A}, got 500"
    street.link.answers.clear()
    await street.work()
    assert street.link.heard(B) == ["cloudJoinReq", "getJobs", "1.zip"]


@pytest.mark.parametrize(("request_type", "last"), [("cloudJoinReq", B), ("getJobs", A)])
async def test_a_server_that_does_not_take_this_cloudlet_is_left(street, request_type, last):
    street.link.answers[request_type] = 404
    await street.worker.do_next()
    await street.worker.do_next()
    assert street.link.said[-1][0] == last
    assert not street.worker.state().ok


async def test_a_refused_item_is_set_aside_and_lets_the_others_pass(street):
    await street.work()
    await street.put("1", "2")
    street.link.answers["match"] = 404
    await street.work(rounds=1)
    street.link.answers.clear()
    await street.work()
    assert street.link.heard(A)[2:] == ["1.zip", "2.zip", "1.zip"]
    assert (street.outcome("refused"), street.outcome("delivered")) == (1, 2)
    assert street.metric("cloudlet_switches_total") == 0, "the server works"


async def test_a_refused_item_is_not_asked_for_again_and_again_at_once(street):
    await street.work()
    await street.put("1")
    street.link.answers["match"] = 400
    await street.work()
    assert street.link.heard(A)[2:] == ["1.zip", "1.zip"]


async def test_an_item_that_was_refused_too_often_is_given_up_and_never_comes_again(street):
    await street.work()
    await street.put("1")
    street.link.answers["match"] = 409
    for _ in range(MOST_REFUSALS + 5):
        await street.work()
    assert street.link.heard(A).count("1.zip") == MOST_REFUSALS
    assert (street.outcome("refused"), street.outcome("given_up")) == (MOST_REFUSALS, 1)
    await street.put("1")
    assert await street.outbox.oldest() is None


async def test_an_outbox_that_cannot_be_read_does_not_keep_it_from_its_heartbeats(street):
    await street.work()
    await street.outbox.stop()
    street.clock.now += 5.0
    await street.work()
    assert street.link.heard(A)[-1] == "heartbeat"


async def test_what_arrives_while_it_rests_is_brought_at_once(street):
    running = asyncio.ensure_future(street.worker.run())
    await until(lambda: street.worker.state().ok)
    await street.put("1")
    await until(lambda: "1.zip" in street.link.heard(A))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
