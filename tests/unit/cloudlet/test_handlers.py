"""`POST /`: what servers and phones ask, read and answered in one form."""

import json
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from backbone.multipart_client import multipart
from backbone.web.guard import Guard
from backbone.web.http import HttpServer, Metrics, application
from backbone.web.legacy_networks import LegacyNetworks
from cloudlet.handlers import routes
from tests.unit.cloudlet.conftest import House
from tests.unit.cloudlet.fakes import ANNA
from tests.zips import zip_of

PACKED = zip_of([("a.jpg", ANNA)])


@asynccontextmanager
async def door_of(house: House):
    app = application(routes(house.service, LegacyNetworks.of("")), guard=Guard(), metrics=Metrics(CollectorRegistry()))
    door = HttpServer(app, address=("127.0.0.1", 0))
    await door.start()
    try:
        yield f"http://127.0.0.1:{door.port}/"
    finally:
        await door.stop()


@pytest.fixture
async def ask(house):
    async with door_of(house) as url:

        async def asked(kind: str, *, file: tuple[str, bytes] | None = None, **fields: str) -> HTTPResponse:
            parts = [(name, name, value.encode()) for name, value in {"requestType": kind, **fields}.items()]
            if file is not None:
                parts.append(("zip", *file))
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            body = multipart(parts, b"b")
            return await AsyncHTTPClient().fetch(url, method="POST", headers=headers, body=body, raise_error=False)

        yield asked


def told(answer: HTTPResponse) -> dict:
    return json.loads(answer.body)


async def test_a_job_is_named_by_its_zip(ask, house):
    answer = await ask("newJob", file=("jobs/anna.ZIP", PACKED))
    assert (answer.code, told(answer)) == (200, {"status": "encoding", "jobName": "anna"})
    assert told(await ask("deleteJob", jobName="anna")) == {"status": "deleted"}
    assert (await ask("deleteJob", jobName="anna")).code == 404


@pytest.mark.parametrize("name", [".zip", "x" * 201 + ".zip"])
async def test_a_zip_without_a_usable_name_is_refused(ask, house, name):
    answer = await ask("newJob", file=(name, PACKED))
    assert (answer.code, house.store.kept_jobs) == (400, {})


async def test_photos_are_taken_with_what_their_sender_tells(ask, house):
    await house.open_job("anna", ANNA)
    fields = {"batch": "b1", "withLocation": " Yes ", "device": "station 7", "receivedAt": "900.5"}
    answer = await ask("newPhotos", file=("any.zip", PACKED), **fields)
    (batch,) = house.store.kept_batches.values()
    assert told(answer) == {"status": 202, "batchId": batch.batch_id}
    assert (batch.device, batch.received_at, batch.photos[0].with_location) == ("station 7", 900.5, True)
    assert told(await ask("newPhotos", file=("any.zip", PACKED), batchId="b1"))["batchId"] == batch.batch_id


@pytest.mark.parametrize(
    "fields",
    [{"batch": "x" * 201}, {"device": "x" * 201}, {"device": "a\tb"}, {"receivedAt": "-1"}, {"receivedAt": "1.2.3"}],
)
async def test_what_a_sender_cannot_mean_is_refused(ask, house, fields):
    await house.open_job("anna", ANNA)
    assert (await ask("newPhotos", file=("any.zip", PACKED), **fields)).code == 400
    assert house.store.kept_batches == {}


async def test_a_leave_is_answered_once_it_is_kept(ask, house):
    assert told(await ask("leave")) == {"status": "ok"}
    assert (await house.outbox.oldest()).request == "phoneLeaveReq"


async def test_what_nobody_knows_is_refused(ask):
    assert told(await ask("dance"))["code"] == "unknown_type"
    assert told(await ask("newPhotos", file=("a.zip", b"no zip")))["code"] == "bad_zip"
    assert (await ask("newPhotos")).code == 400


async def test_while_redis_is_away_the_sender_is_told_to_come_again(ask, house):
    house.store.away = {"all"}
    answer = await ask("newJob", file=("anna.zip", PACKED))
    assert (answer.code, told(answer)["code"]) == (503, "store_unavailable")
