"""Legacy-style cloudlets and phones at the orchestrator's front door (WIRE section 0)."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from PIL import Image

from tests.conftest import RedisServer
from tests.fakes.encode_worker import EncodeWorker, embedding_of, encode_worker
from tests.fakes.legacy_cloudlet import LegacyCloudlet, legacy_cloudlet, zip_of
from tests.peers import client
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

FACE = b"\xff\xd8 a face of anna"
BEAT = "1"


@pytest.fixture
def house(redis_server: RedisServer) -> Iterator[Role]:
    arguments = ("--port", "0", "--redis-url", redis_server.url, "--cloudlet-heartbeat", BEAT)
    with role("processor_orchestrator", *arguments) as running:
        running.wait_for_event("loaded")
        yield running


@pytest.fixture
def worker(redis_server: RedisServer) -> Iterator[EncodeWorker]:
    with encode_worker(redis_server.port) as working:
        yield working


def post(house: Role, request_type: str, **parts: Any) -> requests.Response:
    """Ask as legacy clients do."""
    return requests.post(f"{house.url}/", files={"requestType": request_type, **parts}, timeout=ANSWER_SECONDS)


def photo(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return out.getvalue()


def sightings(house: Role) -> Any:
    return requests.get(f"{house.url}/api/sightings", timeout=ANSWER_SECONDS).json()["data"]


def job(house: Role, worker: EncodeWorker, name: str = "anna") -> int:
    answer = post(house, "newJob", zip=(f"{name}.zip", zip_of({"anna/a.jpg": FACE})))
    assert answer.status_code == 200, answer.text
    object_id = int(answer.json()["objectId"])
    path = f"{house.url}/api/cases/{object_id}"
    wait_until(lambda: requests.get(path, timeout=ANSWER_SECONDS).json()["state"] == "open", "the references")
    return object_id


def test_a_legacy_job_reaches_every_cloudlet_and_leaves_them(house: Role, worker: EncodeWorker) -> None:
    with legacy_cloudlet(house.url) as early, legacy_cloudlet(house.url, epoch="run-1") as ours:
        early.join()
        ours.join()
        object_id = job(house, worker)
        wait_until(lambda: early.jobs and ours.jobs, "the job at both")
        assert early.jobs == {"anna": {"reference-1.jpg": b"\xff\xd8 chip of a.jpg"}}
        told = json.loads(ours.jobs["anna"]["references.json"])
        assert told["threshold"] == 0.6
        assert told["references"] == [{"photo": "reference-1.jpg", "embedding": list(embedding_of(FACE))}]
        with legacy_cloudlet(house.url) as late:
            late.join()
            wait_until(lambda: late.jobs, "the job at the late one")
            answer = post(house, "deleteJob", jobName="anna")
            assert (answer.status_code, answer.json()["objectId"]) == (200, object_id)
            wait_until(lambda: not (early.jobs or ours.jobs or late.jobs), "the job to leave", patience=5)
    assert post(house, "deleteJob", jobName="anna").status_code == 404
    assert post(house, "deleteJob", jobName="never").status_code == 404


def test_the_same_job_sent_again_is_the_same_case(house: Role, worker: EncodeWorker) -> None:
    object_id = job(house, worker)
    assert job(house, worker) == object_id
    other = post(house, "newJob", zip=("anna.zip", zip_of({"b.jpg": FACE + b"2"})))
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    post(house, "deleteJob", jobName="anna").raise_for_status()
    assert job(house, worker) > object_id


def test_a_cloudlet_that_asks_again_gets_everything_again(house: Role, worker: EncodeWorker) -> None:
    with legacy_cloudlet(house.url) as cloudlet:
        cloudlet.join()
        job(house, worker)
        wait_until(lambda: cloudlet.jobs, "the job")
        cloudlet.jobs.clear()  # it was started anew
        cloudlet.join()
        wait_until(lambda: cloudlet.jobs, "the job again")


def test_a_cloudlet_that_refuses_is_asked_until_it_takes_it(house: Role, worker: EncodeWorker) -> None:
    with legacy_cloudlet(house.url) as cloudlet:
        cloudlet.refuses.add("newJob")
        cloudlet.join()
        job(house, worker)
        wait_until(lambda: cloudlet.said.count("newJob") >= 2, "a second try")
        (shown,) = requests.get(f"{house.url}/api/cloudlets", timeout=ANSWER_SECONDS).json()["data"]
        assert (shown["jobs"], shown["jobsWaiting"]) == (0, 1)
        cloudlet.refuses.clear()
        cloudlet.named("heartbeat")
        wait_until(lambda: cloudlet.jobs, "the job")


def test_ten_phones_are_spread_and_those_of_a_dead_cloudlet_move(house: Role) -> None:
    def beat(alive: list[LegacyCloudlet]) -> bool:
        for cloudlet in alive:
            cloudlet.named("heartbeat")
        return True

    with ExitStack() as stack:
        made = [stack.enter_context(legacy_cloudlet(house.url, epoch=f"run-{n}")) for n in range(3)]
        assert post(house, "phoneJoinReq", id="1").json() == {"IP": "-1", "port": "-1"}
        for cloudlet in made:
            cloudlet.join()
        told = [post(house, "phoneJoinReq", id="1").json() for _ in range(10)]
        assert {answer["IP"] for answer in told} == {"127.0.0.1"}
        ports = [answer["port"] for answer in told]
        assert sorted(ports.count(str(cloudlet.port)) for cloudlet in made) == [3, 3, 4]
        made[0].named("phoneLeaveReq").raise_for_status()
        dead, alive = made[0], made[1:]
        wait_until(lambda: beat(alive) and dead.key not in post(house, "getState").json(), "its death")
        assert set(post(house, "getState").json()) == {cloudlet.key for cloudlet in alive}
        moved = {post(house, "phoneJoinReq", id="1").json()["port"] for _ in range(4) if beat(alive)}
        assert moved == {str(cloudlet.port) for cloudlet in alive}
        state = {alive[0].key: 9, alive[1].key: 0, "10.9.9.9:1": 4}
        post(house, "updateState", zip=("state.json", json.dumps(state))).raise_for_status()
        assert post(house, "getState").json() == {alive[0].key: 9, alive[1].key: 0}
        assert post(house, "phoneJoinReq", id="1").json()["port"] == str(alive[1].port)
        post(house, "phoneJoinReq", id="1", gaveUp=alive[1].key).raise_for_status()
        assert post(house, "getState").json() == {alive[0].key: 10, alive[1].key: 0}


def test_a_legacy_heartbeat_without_identity_keeps_a_cloudlet_alive(house: Role) -> None:
    with legacy_cloudlet(house.url) as cloudlet:
        cloudlet.join()
        joined_at = requests.get(f"{house.url}/api/cloudlets", timeout=ANSWER_SECONDS).json()["data"][0]["lastSeenAt"]

        def outlived() -> bool:
            cloudlet.ask("heartbeat").raise_for_status()
            (shown,) = requests.get(f"{house.url}/api/cloudlets", timeout=ANSWER_SECONDS).json()["data"]
            assert shown["state"] == "alive"
            return bool(shown["lastSeenAt"] - joined_at > 4 * float(BEAT))

        wait_until(outlived, "more than three beats")


async def test_a_legacy_match_is_a_sighting_from_a_phone(house: Role, worker: EncodeWorker) -> None:
    object_id = job(house, worker)
    with legacy_cloudlet(house.url) as cloudlet:
        cloudlet.join()
        async with client(house.url) as page:
            await page.say(type="subscribe", sightings=True, cameras=True)
            await page.hear("cameras")
            for expected in ("stored", "known"):
                answer = cloudlet.match("anna", {"p1.jpg": photo(), "p2.jpg": photo("blue")})
                assert (answer.status_code, answer.json()) == (200, {"status": expected})
            told = await page.hear("sighting")
    assert len(sightings(house)) == 2
    assert (told["objectId"], told["source"], told["hasCrop"]) == (object_id, "phone", True)
    found = sightings(house)
    assert len(found) == 2
    for seen in found:
        crop = requests.get(f"{house.url}/api/sightings/{seen['sightingId']}/crop.jpg", timeout=ANSWER_SECONDS)
        assert max(Image.open(io.BytesIO(crop.content)).size) == 256
    timeline = requests.get(f"{house.url}/timelines?objectId={object_id}", timeout=ANSWER_SECONDS).json()["data"]
    assert len(timeline) == 2


MANIFEST: dict[str, Any] = {
    "matchId": "m-1",
    "jobName": "anna",
    "cloudlet": "10.0.0.1:8100",
    "receivedAt": 1_700_000_100.0,
    "matches": [
        {
            "photo": "photo-1.jpg",
            "rect": [0.25, 0.25, 0.5, 0.5],
            "distance": 0.41,
            "takenAt": 1_700_000_000.0,
            "place": {"latitude": 52.5, "longitude": 13.4},
        }
    ],
}


def deliver(house: Role, manifest: dict[str, Any] = MANIFEST, **photos: bytes) -> requests.Response:
    files = {"match.json": json.dumps(manifest).encode(), "photo-1.jpg": photo(), **photos}
    return post(house, "match", zip=("anna.zip", zip_of(files)))


def test_a_manifest_tells_time_place_and_distance(house: Role, worker: EncodeWorker) -> None:
    job(house, worker)
    assert deliver(house).json() == {"status": "stored"}
    assert deliver(house, extra=b"another zip of the same delivery").json() == {"status": "known"}
    (seen,) = sightings(house)
    assert (seen["takenAt"], seen["place"]) == (1_700_000_000.0, {"latitude": 52.5, "longitude": 13.4})
    assert (seen["distance"], seen["cloudlet"], seen["source"]) == (0.41, "10.0.0.1:8100", "phone")
    assert seen["cameraId"] == "cloudlet 10.0.0.1:8100"


def test_a_match_of_a_closed_job_is_not_told_of_another_one_of_its_name(house: Role, worker: EncodeWorker) -> None:
    old = job(house, worker)
    post(house, "deleteJob", jobName="anna").raise_for_status()
    new = job(house, worker)
    assert deliver(house, MANIFEST | {"objectId": old}).json() == {"status": "dropped"}
    assert sightings(house) == []
    assert deliver(house, MANIFEST | {"objectId": new, "matchId": "m-2"}).json() == {"status": "stored"}


def test_matches_of_closed_unknown_and_broken_deliveries(house: Role, worker: EncodeWorker) -> None:
    unknown = deliver(house)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_job")
    job(house, worker)
    wrong = [
        deliver(house, MANIFEST | {"jobName": "bert"}),
        deliver(house, MANIFEST | {"matches": [{"photo": "photo-9.jpg"}]}),
        post(house, "match", zip=("anna.zip", b"no zip")),
        post(house, "match"),
        post(house, "match", zip=(".zip", zip_of({}))),
    ]
    assert [answer.status_code for answer in wrong] == [400] * 5
    assert sightings(house) == []
    post(house, "deleteJob", jobName="anna").raise_for_status()
    assert deliver(house).json() == {"status": "dropped"}
    assert sightings(house) == []


def test_a_match_is_not_answered_before_it_is_stored(
    house: Role, worker: EncodeWorker, redis_server: RedisServer
) -> None:
    job(house, worker)
    redis_server.kill()
    assert deliver(house).status_code == 503
    redis_server.start()
    assert deliver(house).json() == {"status": "stored"}
    assert len(sightings(house)) == 1


def test_fields_are_read_from_wherever_they_come(house: Role) -> None:
    fields = {"requestType": "cloudJoinReq", "cloudIP": "127.0.0.1", "cloudPort": "8100"}
    for form in ({"data": fields}, {"json": fields | {"cloudPort": 8100}}, {"files": fields}):
        assert requests.post(f"{house.url}/", timeout=ANSWER_SECONDS, **form).json() == {"status": "joined"}  # type: ignore[arg-type]
    mixed = requests.post(
        f"{house.url}/", data={"requestType": "getJobs"}, files=fields | {"x": "y"}, timeout=ANSWER_SECONDS
    )
    assert mixed.status_code == 200
    assert [
        known["cloudlet"] for known in requests.get(f"{house.url}/api/cloudlets", timeout=ANSWER_SECONDS).json()["data"]
    ] == ["127.0.0.1:8100"]


def test_what_is_no_request_is_refused(house: Role) -> None:
    for request_type in ("", "nonsense", "\u00e4"):
        answer = post(house, request_type)
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_type")
    elsewhere = post(house, "cloudJoinReq", cloudIP="10.1.2.3", cloudPort="8100")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "not_allowed")
    assert post(house, "cloudJoinReq", cloudIP="127.0.0.1", cloudPort="0").status_code == 400
    assert requests.get(f"{house.url}/", timeout=ANSWER_SECONDS).headers["Content-Type"].startswith("text/html")


def test_the_registry_works_in_memory(orchestrator: Role) -> None:
    with legacy_cloudlet(orchestrator.url) as cloudlet:
        cloudlet.join()
        assert post(orchestrator, "phoneJoinReq", id="1").json() == {"IP": "127.0.0.1", "port": str(cloudlet.port)}
        refused = post(orchestrator, "newJob", zip=("anna.zip", zip_of({"a.jpg": FACE})))
        assert (refused.status_code, refused.json()["code"]) == (503, "no_workers")
