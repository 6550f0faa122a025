"""A cloudlet between phones, a legacy server and a real Redis: every request as legacy peers send it, and kills."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
import requests

from tests.conftest import RedisServer
from tests.contract import tokens
from tests.fakes.legacy_server import LegacyServer, legacy_server
from tests.fakes.photo_worker import MODEL, PhotoWorker, embedding_of, photo_worker
from tests.processes import ANSWER_SECONDS, Role, free_port, role, wait_until
from tests.zips import zip_of

ANNA, BORIS, NOBODY = b"\xff\xd8\xff face:A", b"\xff\xd8\xff face:B", b"\xff\xd8\xff a tree"


class Setup:
    """A cloudlet that can be killed and started again in its place."""

    def __init__(self, redis_server: RedisServer, folder, *servers: str) -> None:
        self.port, self.redis = free_port(), redis_server
        self._arguments = [*servers, str(self.port), "0.2"]
        self._arguments += ["--redis-url", redis_server.url, "--spool", str(folder / "spool.sqlite3")]
        self._arguments += ["--advertise", "127.0.0.1"]

    @contextmanager
    def running(self, *more: str, environment: dict[str, str] | None = None) -> Iterator[Role]:
        with role("cloudlet", *self._arguments, *more, environment=environment) as running:
            running.wait_for_event("loaded")
            yield running

    def ask(self, request_type: str, **parts) -> requests.Response:
        files = {"requestType": request_type, **parts}
        return requests.post(f"http://127.0.0.1:{self.port}/", files=files, timeout=ANSWER_SECONDS)

    def new_job(self, name: str, *photos: bytes) -> requests.Response:
        packed = zip_of([(f"{name}/{number}.jpg", photo) for number, photo in enumerate(photos)])
        return self.ask("newJob", zip=(f"{name}.zip", packed))

    def new_photos(self, *photos: bytes, **parts) -> requests.Response:
        packed = zip_of([(f"{number}.jpg", photo) for number, photo in enumerate(photos)])
        return self.ask("newPhotos", zip=("any.zip", packed), **parts)

    def blobs(self) -> list[bytes]:
        return redis.Redis(port=self.redis.port).keys("blob:*")


@pytest.fixture
def server() -> Iterator[LegacyServer]:
    with legacy_server() as running:
        yield running


@pytest.fixture
def setup(redis_server, tmp_path, server) -> Setup:
    return Setup(redis_server, tmp_path, server.place, server.place)


def test_a_photo_that_shows_a_sought_person_reaches_the_server_as_it_was(setup, server):
    with setup.running(), photo_worker(setup.redis.port):
        assert setup.new_job("anna", ANNA).status_code == 200
        told = setup.new_photos(NOBODY, ANNA + b" in town", BORIS).json()
        assert told["status"] == 202
        wait_until(lambda: server.matches, "the match")
        job, files = server.matches[0]
        assert job == "anna"
        manifest = json.loads(files.pop("match.json"))
        assert files == {"1.jpg": ANNA + b" in town"}
        assert manifest["jobName"] == "anna"
        assert manifest["cloudlet"] == f"127.0.0.1:{setup.port}"
        assert [face["photo"] for face in manifest["matches"]] == ["1.jpg"]
        assert manifest["matches"][0]["modelId"] == MODEL
        wait_until(lambda: not setup.blobs(), "the pictures to be deleted")


def test_it_joins_asks_for_jobs_and_keeps_in_touch(setup, server):
    with setup.running():
        wait_until(lambda: server.types().count("heartbeat") >= 2, "heartbeats")
    assert server.types()[:2] == ["cloudJoinReq", "getJobs"]
    joined = server.said[0][1]
    assert (joined["id"], joined["cloudIP"], joined["cloudPort"]) == ("1", "127.0.0.1", str(setup.port))
    heartbeat = next(fields for kind, fields in server.said if kind == "heartbeat")
    assert set(heartbeat) == {"cloudIP", "cloudPort", "epoch", "interval", "modelId"}


def test_references_of_our_servers_need_no_encoding(setup, server):
    row = list(embedding_of(ANNA))
    told = {"modelId": MODEL, "threshold": 0.5, "references": [{"photo": "a.jpg", "embedding": row}], "objectId": 7}
    packed = zip_of([("references.json", json.dumps(told).encode()), ("a.jpg", b"chip")])
    with setup.running(), photo_worker(setup.redis.port) as worker:
        assert setup.ask("newJob", zip=("anna.zip", packed)).json()["status"] == "open"
        setup.new_photos(ANNA)
        wait_until(lambda: server.matches, "the match")
        assert [type(task).__name__ for task in worker.tasks] == ["MatchTask"]
        assert json.loads(server.matches[0][1]["match.json"])["objectId"] == 7, "the server knows whom it was for"


def test_every_request_is_answered_as_legacy_peers_expect(setup, server):
    with setup.running(), photo_worker(setup.redis.port):
        assert setup.ask("leave").status_code == 200
        wait_until(lambda: "phoneLeaveReq" in server.types(), "the leave")
        unknown = setup.ask("deleteJob", jobName="nobody")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        assert setup.new_job("anna", ANNA).status_code == 200
        assert setup.ask("deleteJob", jobName="anna").status_code == 200
        assert setup.ask("deleteJob", jobName="anna").status_code == 404
        assert setup.ask("dance").json()["code"] == "unknown_type"
        assert setup.ask("newPhotos", zip=("a.zip", b"no zip")).json()["code"] == "bad_zip"
        assert setup.ask("newPhotos").status_code == 400
        by_json = requests.post(
            f"http://127.0.0.1:{setup.port}/", json={"requestType": "leave"}, timeout=ANSWER_SECONDS
        )
        assert by_json.status_code == 200


def test_photos_that_come_again_under_their_name_count_once(setup, server):
    with setup.running(), photo_worker(setup.redis.port):
        setup.new_job("anna", ANNA)
        first = setup.new_photos(ANNA, batch="b1").json()
        wait_until(lambda: server.matches, "the match")
        assert setup.new_photos(ANNA, batch="b1").json() == first
        setup.new_photos(ANNA + b"2", batch="b2")
        wait_until(lambda: len(server.matches) == 2, "the second match")
        assert server.matches[1][1]["0.jpg"] == ANNA + b"2"


def test_matches_of_a_job_that_was_deleted_meanwhile_are_dropped(setup, server):
    worker = PhotoWorker(setup.redis.port)
    with setup.running() as cloudlet:
        setup.new_job("anna", ANNA)
        setup.new_job("boris", BORIS)
        assert worker.work_once()
        assert worker.work_once()
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 2, "both jobs")
        setup.new_photos(ANNA, BORIS)
        assert setup.ask("deleteJob", jobName="anna").status_code == 200
        wait_until(worker.work_once, "the comparison")
        wait_until(lambda: server.matches, "the match of the other job")
        wait_until(lambda: not setup.blobs(), "the end of the batch")
    assert [job for job, _ in server.matches] == ["boris"]


def test_a_job_opened_under_the_name_of_a_deleted_one_gets_none_of_its_matches(setup, server):
    worker = PhotoWorker(setup.redis.port)
    with setup.running() as cloudlet:
        setup.new_job("anna", ANNA)
        setup.new_job("boris", BORIS)
        assert worker.work_once()
        assert worker.work_once()
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 2, "both jobs")
        setup.new_photos(ANNA, BORIS)
        begun = worker.begin()
        assert setup.ask("deleteJob", jobName="anna").status_code == 200
        setup.new_job("anna", NOBODY + b" face:C")
        worker.end(begun)
        wait_until(lambda: server.matches, "the match of the other job")
        assert worker.work_once()
        wait_until(lambda: not setup.blobs(), "the end of the batch")
    assert [job for job, _ in server.matches] == ["boris"]


def test_a_deleted_job_leaves_no_reference_in_redis_while_a_batch_waits(setup, server):
    worker, direct = PhotoWorker(setup.redis.port), redis.Redis(port=setup.redis.port)
    with setup.running() as cloudlet:
        setup.new_job("anna", ANNA)
        setup.new_job("boris", BORIS)
        assert worker.work_once()
        assert worker.work_once()
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 2, "both jobs")
        setup.new_photos(ANNA, BORIS)
        (gallery,) = direct.keys("gallery:*")
        assert setup.ask("deleteJob", jobName="anna").status_code == 200
        assert [one["name"] for one in json.loads(direct.get(gallery))["sought"]] == ["boris"]
        assert worker.work_once()
        wait_until(lambda: server.matches, "the match of the other job")
        wait_until(lambda: not direct.keys("gallery:*"), "the gallery to be deleted")
    assert [job for job, _ in server.matches] == ["boris"]


def test_killed_at_every_step_nothing_acknowledged_is_lost_or_doubled(setup, server):
    worker = PhotoWorker(setup.redis.port)
    with setup.running() as cloudlet:
        assert setup.new_job("anna", ANNA).status_code == 200
        cloudlet.kill()
    assert worker.work_once()
    with setup.running() as cloudlet:
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 1, "the references")
        assert setup.new_photos(ANNA).status_code == 200
        cloudlet.kill()
    assert worker.work_once()
    server.answers["match"] = 500
    with setup.running() as cloudlet:
        wait_until(lambda: "match" in server.types(), "the first try")
        cloudlet.kill()
    server.answers.clear()
    with setup.running() as cloudlet:
        wait_until(lambda: server.matches, "the match")
        wait_until(lambda: cloudlet.metric("cloudlet_spooled_bytes") == 0, "an empty spool")
        cloudlet.kill()
    with setup.running() as cloudlet:
        setup.new_photos(ANNA + b"2")
        assert worker.work_once()
        wait_until(lambda: len(server.matches) > 1, "the next match")
    assert [files["0.jpg"] for _, files in server.matches] == [ANNA, ANNA + b"2"]


def test_photos_wait_for_a_job_that_is_still_being_encoded(setup, server):
    worker = PhotoWorker(setup.redis.port)
    with setup.running():
        setup.new_job("anna", ANNA)
        setup.new_photos(ANNA)
        assert worker.work_once()
        wait_until(worker.work_once, "the comparison")
        wait_until(lambda: server.matches, "the match")


def test_while_redis_is_away_nothing_is_acknowledged_and_then_it_goes_on(setup, server):
    with setup.running() as cloudlet, photo_worker(setup.redis.port) as worker:
        assert setup.new_job("anna", ANNA).status_code == 200
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 1, "the references")
        worker.pause()
        setup.redis.kill()
        assert setup.new_photos(ANNA).json()["code"] == "store_unavailable"
        wait_until(
            lambda: requests.get(f"{cloudlet.url}/readyz", timeout=ANSWER_SECONDS).status_code == 503, "not ready"
        )
        setup.redis.start()
        worker.go_on()
        wait_until(lambda: requests.get(f"{cloudlet.url}/readyz", timeout=ANSWER_SECONDS).status_code == 200, "ready")
        assert setup.new_photos(ANNA).status_code == 200
        wait_until(lambda: server.matches, "the match")


def test_with_authentication_on_each_request_needs_its_role(setup, server):
    key = tokens.key("ES256")
    environment = {"PUBLIC_KEY": key.public}
    packed = zip_of([("a.jpg", ANNA)])

    def status(request_type: str, *roles: str) -> int:
        headers = {"Authorization": f"Bearer {tokens.token(key, roles=list(roles))}"} if roles else {}
        files = {"requestType": request_type, "jobName": "anna", "zip": ("anna.zip", packed)}
        url = f"http://127.0.0.1:{setup.port}/"
        return requests.post(url, files=files, headers=headers, timeout=ANSWER_SECONDS).status_code

    allowed = {"newJob": {"orchestrator"}, "deleteJob": {"orchestrator"}}
    allowed |= {"newPhotos": {"phone", "client"}, "leave": {"phone", "client"}}
    with setup.running(environment=environment):
        for request_type, roles in allowed.items():
            assert status(request_type) == 401
            for role_name in ("orchestrator", "phone", "client", "cloudlet", "processor"):
                assert status(request_type, role_name) == (200 if role_name in roles else 403), (
                    request_type,
                    role_name,
                )
    with setup.running("--legacy-networks", "127.0.0.0/8", environment=environment):
        assert status("newJob") == 200
        assert status("newPhotos") == 200
        assert status("leave", "processor") == 403


def test_what_waited_while_both_servers_were_down_is_brought_in_order(redis_server, tmp_path):
    first, second = LegacyServer(), LegacyServer()
    setup = Setup(redis_server, tmp_path, first.place, second.place)
    with setup.running() as cloudlet, photo_worker(redis_server.port):
        setup.new_job("anna", ANNA)
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 1, "the references")
        photos = [ANNA + bytes([65 + number]) for number in range(6)]
        for number, photo in enumerate(photos, start=1):
            setup.new_photos(photo)
            wait_until(
                lambda: cloudlet.metric("cloudlet_matches_total", outcome="found") == number,  # noqa: B023
                "the match in the spool",
            )
        second.start()
        try:
            wait_until(lambda: len(second.matches) == 6, "the matches")
        finally:
            second.stop()
        assert [files["0.jpg"] for _, files in second.matches] == photos
        assert second.types()[:2] == ["cloudJoinReq", "getJobs"]
        first.start()
        try:
            wait_until(lambda: first.types()[:2] == ["cloudJoinReq", "getJobs"], "the switch")
        finally:
            first.stop()
