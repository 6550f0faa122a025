"""Cases from photos, with a real Redis, a real rq queue and a worker that has no engine."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import requests

from tests.conftest import RedisServer
from tests.fakes.encode_worker import MODEL, embedding_of, encode_worker
from tests.fakes.legacy_cloudlet import zip_of
from tests.peers import client, peer, processor
from tests.processes import ANSWER_SECONDS, Role, role, until, wait_until

FACE = b"\xff\xd8 a face of anna"
OTHER = b"\xff\xd8 a face from the side"
WALL = b"\xff\xd8 a wall"


@pytest.fixture
def house(redis_server: RedisServer) -> Iterator[Role]:
    with role("processor_orchestrator", "--port", "0", "--redis-url", redis_server.url) as running:
        running.wait_for_event("loaded")
        yield running


def opened(house: Role, *files: Any, **fields: str) -> Any:
    answer = requests.post(
        f"{house.url}/api/cases",
        data={"name": "Anna", **fields},
        files=[("photos", file) for file in files],
        timeout=ANSWER_SECONDS,
    )
    assert answer.status_code == 202, answer.text
    return answer.json()


def case(house: Role, object_id: int) -> Any:
    return requests.get(f"{house.url}/api/cases/{object_id}", timeout=ANSWER_SECONDS).json()


def encoded(house: Role, object_id: int) -> Any:
    wait_until(lambda: case(house, object_id)["state"] != "encoding", "the references")
    return case(house, object_id)


async def test_photos_become_references_that_every_processor_gets(house: Role, redis_server: RedisServer) -> None:
    made = opened(
        house,
        ("a.jpg", FACE),
        ("more.zip", zip_of({"album/b.jpg": OTHER, ".c.jpg": b"hidden", "wall.jpg": WALL})),
        threshold="0.45",
        purpose="missing since noon",
        expires="3600",
    )
    assert (made["state"], made["waitingPhotos"], made["kind"]) == ("encoding", 3, "case")
    async with (
        processor(house.url, "legacy") as legacy,
        peer(house.url, "/processor") as ours,
    ):
        await ours.say(type="identifier", id="ours", features=["case"])
        assert (await legacy.hear("featureMap"))["featureMap"] == {}
        with encode_worker(redis_server.port) as worker:
            learned = await legacy.hear("featureMap")
            told = await ours.hear("case")
            while told.get("threshold") is None:
                told = await ours.hear("case")
        assert learned["featureMap"] == [list(embedding_of(FACE)), list(embedding_of(OTHER))]
        assert learned["modelId"] == MODEL
        assert (told["objectId"], told["name"], told["threshold"]) == (made["objectId"], "Anna", 0.45)
        assert [message for message in legacy.seen if message["type"] == "case"] == []
    shown = case(house, made["objectId"])
    assert (shown["state"], shown["references"], shown["waitingPhotos"]) == ("open", 2, 0)
    assert [bad["photo"] for bad in shown["refused"]] == ["wall.jpg"]
    assert len(worker.tasks) == 1
    with redis.Redis(port=redis_server.port) as direct:
        assert direct.keys("blob:*") == []
        assert direct.xlen("searchlight:results") == 0, "what had its effect is deleted"
    picture = requests.get(f"{house.url}/api/objects/{made['objectId']}/image", timeout=ANSWER_SECONDS)
    assert picture.content.startswith(b"\xff\xd8 chip of ")


def test_photos_without_a_face_are_told(house: Role, redis_server: RedisServer) -> None:
    made = opened(house, ("wall.jpg", WALL))
    with encode_worker(redis_server.port):
        shown = encoded(house, made["objectId"])
    assert (shown["state"], shown["references"]) == ("unusable", 0)
    assert shown["refused"] == [{"photo": "wall.jpg", "code": "no_face", "message": "expected a face, got none"}]


def test_a_result_that_comes_twice_has_one_effect(house: Role, redis_server: RedisServer) -> None:
    made = opened(house, ("a.jpg", FACE))
    with encode_worker(redis_server.port) as worker:
        before = encoded(house, made["objectId"])
        worker.answer(worker.tasks[0])  # its picture is gone: this one finds no face
        with redis.Redis(port=redis_server.port) as direct:
            wait_until(lambda: direct.xlen("searchlight:results") == 0, "the second result")
    assert case(house, made["objectId"]) == before


def test_a_case_survives_a_kill_while_it_is_encoded(redis_server: RedisServer) -> None:
    arguments = ("--port", "0", "--redis-url", redis_server.url)
    with role("processor_orchestrator", *arguments) as first:
        first.wait_for_event("loaded")
        made = opened(first, ("a.jpg", FACE))
        first.kill()
    with encode_worker(redis_server.port) as worker, role("processor_orchestrator", *arguments) as second:
        second.wait_for_event("loaded")
        assert encoded(second, made["objectId"])["references"] == 1
        assert len(worker.tasks) == 1


async def test_a_closed_case_is_gone_everywhere(house: Role, redis_server: RedisServer) -> None:
    made = opened(house, ("a.jpg", FACE))
    with encode_worker(redis_server.port):
        encoded(house, made["objectId"])
    path = f"{house.url}/api/cases/{made['objectId']}"
    async with processor(house.url, "door") as door:
        await door.hear("featureMap")
        assert requests.delete(path, timeout=ANSWER_SECONDS).json() == {"objectId": made["objectId"], "state": "closed"}
        assert (await door.hear("stop"))["objectId"] == made["objectId"]
    for method in ("GET", "DELETE"):
        assert requests.request(method, path, timeout=ANSWER_SECONDS).status_code == 404
    with redis.Redis(port=redis_server.port) as direct:
        kinds = ("object", "image", "chips")
        assert [key for kind in kinds for key in direct.keys(f"searchlight:{kind}:*")] == []


def test_a_case_closed_while_it_is_encoded_leaves_nothing(house: Role, redis_server: RedisServer) -> None:
    made = opened(house, ("a.jpg", FACE))
    requests.delete(f"{house.url}/api/cases/{made['objectId']}", timeout=ANSWER_SECONDS).raise_for_status()
    with redis.Redis(port=redis_server.port) as direct, encode_worker(redis_server.port) as worker:
        assert direct.keys("blob:*") == []
        wait_until(lambda: worker.tasks, "the task")
        wait_until(lambda: direct.xlen("searchlight:results") == 0, "the result")
        assert direct.keys("searchlight:chips:*") == direct.keys("searchlight:object:*") == []


async def test_an_expired_case_is_gone_too(house: Role, redis_server: RedisServer) -> None:
    with encode_worker(redis_server.port):
        made = opened(house, ("a.jpg", FACE), expires="2")
        async with processor(house.url, "door") as door:
            assert (await door.hear("stop"))["objectId"] == made["objectId"]
    with redis.Redis(port=redis_server.port) as direct:
        assert direct.keys("searchlight:chips:*") == direct.keys("searchlight:object:*") == []


async def test_a_click_on_a_box_is_listed_as_a_case(house: Role) -> None:
    async with processor(house.url, "door") as door, client(house.url) as page:
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4, name="Bert")
        asked = await door.hear("start")
        await until(lambda: requests.get(f"{house.url}/api/cases", timeout=ANSWER_SECONDS).json()["data"], "the case")
    (listed,) = requests.get(f"{house.url}/api/cases", timeout=ANSWER_SECONDS).json()["data"]
    assert (listed["objectId"], listed["kind"], listed["name"]) == (asked["objectId"], "box", "Bert")


@pytest.mark.parametrize("by", ["api", "socket"])
async def test_a_rejected_sighting_is_marked_and_told(house: Role, by: str) -> None:
    async with processor(house.url, "door") as door, client(house.url) as page:
        await page.say(type="subscribe", sightings=True)
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4)
        await door.hear("start")
        box = {"boxId": 4, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": 1, "distance": 0.3}
        await door.say(type="boundingBoxes", frameId=2.0, boxes=[box])
        seen = await page.hear("sighting")
        assert "rejected" not in seen
        if by == "api":
            path = f"{house.url}/api/sightings/{seen['sightingId']}/reject"
            assert requests.post(path, timeout=ANSWER_SECONDS).json() == {
                "sightingId": seen["sightingId"],
                "rejected": True,
            }
        else:
            await page.say(type="reject", objectId=1, sightingId=seen["sightingId"])
        assert (await page.hear("sighting"))["rejected"] is True
        await door.say(type="boundingBoxes", frameId=3.0, boxes=[box])
        assert (await page.hear("sighting"))["rejected"] is True, "the same visit goes on"
        (listed,) = requests.get(f"{house.url}/api/sightings", timeout=ANSWER_SECONDS).json()["data"]
        assert listed["rejected"] is True
        await page.say(type="reject", objectId=2, sightingId=seen["sightingId"])
        assert (await page.hear("error"))["code"] == "unknown_sighting"
        assert requests.post(f"{house.url}/api/sightings/9-9-9/reject", timeout=ANSWER_SECONDS).status_code == 404


def refused(house: Role, **request: Any) -> tuple[int, str]:
    answer = requests.post(f"{house.url}/api/cases", timeout=ANSWER_SECONDS, **request)
    return answer.status_code, answer.json()["code"]


def test_what_cannot_be_a_case_changes_nothing(house: Role, redis_server: RedisServer) -> None:
    photo = {"photos": ("a.jpg", FACE)}
    assert refused(house, files=photo) == (400, "bad_input")
    assert refused(house, data={"name": "Anna"}) == (400, "bad_input")
    assert refused(house, data={"name": "Anna", "threshold": "2"}, files=photo) == (400, "bad_input")
    assert refused(house, data={"name": "Anna"}, files={"photos": ("a.zip", b"PK\x03\x04 no")}) == (400, "bad_zip")
    assert refused(house, data=b"x", headers={"Content-Type": "multipart/form-data"}) == (400, "bad_multipart")
    assert refused(house, data=json.dumps(["Anna"]), headers={"Content-Type": "application/json"})[0] == 400
    with redis.Redis(port=redis_server.port) as direct:
        assert direct.keys("blob:*") == direct.keys("rq:job:*") == []
    assert requests.get(f"{house.url}/api/cases", timeout=ANSWER_SECONDS).json() == {"data": []}


def test_without_redis_photos_are_refused_clearly(orchestrator: Role) -> None:
    status, code = refused(orchestrator, data={"name": "Anna"}, files={"photos": ("a.jpg", FACE)})
    assert (status, code) == (503, "no_workers")
    assert requests.get(f"{orchestrator.url}/api/jobs", timeout=ANSWER_SECONDS).json() == {"data": [], "workers": 0}


def test_redis_away_refuses_a_case_and_later_takes_it(house: Role, redis_server: RedisServer) -> None:
    photo = {"photos": ("a.jpg", FACE)}
    redis_server.kill()
    assert refused(house, data={"name": "Anna"}, files=photo) == (503, "store_unavailable")
    redis_server.start()
    made = opened(house, ("a.jpg", FACE))
    with encode_worker(redis_server.port):
        assert encoded(house, made["objectId"])["references"] == 1


def test_jobs_are_shown(house: Role) -> None:
    made = opened(house, ("a.jpg", FACE))
    (job,) = requests.get(f"{house.url}/api/jobs", timeout=ANSWER_SECONDS).json()["data"]
    assert (job["queue"], job["state"], job["tag"]) == ("encode", "queued", str(made["objectId"]))
