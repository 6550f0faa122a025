"""Old footage asked for at the orchestrator, looked through by a real worker with the engine."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from drill.footage import Footage
from tests.conftest import RedisServer
from tests.processes import ANSWER_SECONDS, Role, role, wait_until
from tests.receivers import Receiving

BEGAN_AT = 1_600_000_000.0


@dataclass
class House:
    """An orchestrator, a worker and the folder that it may look through."""

    redis: RedisServer
    orchestrator: Role
    workers: Role
    folder: Path

    def ask(self, **footage: object) -> requests.Response:
        return requests.post(f"{self.orchestrator.url}/api/footage", json=footage, timeout=ANSWER_SECONDS)

    def read(self, path: str) -> Any:
        return requests.get(f"{self.orchestrator.url}{path}", timeout=ANSWER_SECONDS).json()

    def jobs(self) -> list[Any]:
        return [job for job in self.read("/api/jobs")["data"] if job["queue"] == "footage"]

    def sightings(self) -> list[Any]:
        return list(self.read("/api/sightings?limit=1000")["data"])

    def open_case(self, photo: Path) -> int:
        with photo.open("rb") as content:
            files = {"photos": content}
            made = requests.post(
                f"{self.orchestrator.url}/api/cases", data={"name": "A"}, files=files, timeout=ANSWER_SECONDS
            )
        object_id = int(made.json()["objectId"])
        wait_until(lambda: self.read(f"/api/cases/{object_id}")["state"] == "open", "the references")
        return object_id

    def close_case(self, object_id: int) -> None:
        requests.delete(f"{self.orchestrator.url}/api/cases/{object_id}", timeout=ANSWER_SECONDS).raise_for_status()

    def done(self) -> int:
        return len(self.orchestrator.events("footage_done"))

    def worker(self) -> int:
        parent = self.workers.process.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])

    def in_galleries(self) -> list[bytes]:
        with redis.Redis(port=self.redis.port) as direct:
            return [key for key in direct.scan_iter("gallery:*") if b"embeddings" in (direct.get(key) or b"")]


@pytest.fixture
def house(redis_server: RedisServer, footage: Footage, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "footage"
    (folder / "card" / "deep").mkdir(parents=True)
    shutil.copy(footage.clips[0].video, folder / "card" / "deep" / "old.mp4")
    (folder / "card" / "broken.avi").write_text("no video")
    arguments = ("--redis-url", redis_server.url, "--port", "0")
    with ExitStack() as stack:
        orchestrator = stack.enter_context(role("processor_orchestrator", *arguments))
        told = ("--processes", "1", "--detector", "hog", "--footage-folder", str(folder))
        workers = stack.enter_context(role("job_workers", *arguments, *told))
        orchestrator.wait_for_event("loaded")
        wait_until(lambda: workers.events("worker_ready"), "the worker")
        yield House(redis_server, orchestrator, workers, folder)


def test_a_folder_of_old_videos_makes_sightings_at_their_own_time_and_asked_again_no_more(
    house: House, footage: Footage
) -> None:
    assert house.ask(path="card").status_code == 409, "there is nobody to look for"
    object_id = house.open_case(footage.case_photo)
    os.utime(house.folder / "card" / "deep" / "old.mp4", (BEGAN_AT, BEGAN_AT))
    answer = house.ask(path="card", camera="trail north", everySeconds=1)
    assert answer.status_code == 202, answer.text
    wait_until(lambda: house.done() == 1, "the end of the footage")
    (damaged,) = house.orchestrator.events("footage_damaged")
    assert damaged["file"] == "broken.avi"
    first = house.sightings()
    assert first
    for seen in first:
        assert (seen["cameraId"], seen["source"], seen["objectId"]) == ("trail north", "footage", object_id)
        assert BEGAN_AT - 120 <= seen["firstSeen"] <= seen["takenAt"] <= seen["lastSeen"] <= BEGAN_AT
        assert seen["hasCrop"]
    rows = house.read(f"/timelines?objectId={object_id}")["data"]
    assert {row["processorId"] for row in rows} == {"trail north"}
    assert {row["timeStamp"][:7] for row in rows} == {"2020/09"}
    assert house.ask(path="card", camera="trail north", everySeconds=1).status_code == 202
    wait_until(lambda: house.done() == 2, "the end of the same footage")
    assert house.sightings() == first
    assert house.read(f"/timelines?objectId={object_id}")["data"] == rows
    assert house.jobs() == []


def test_footage_tells_how_far_it_is_survives_a_killed_worker_and_ends_with_its_case(
    house: House, footage: Footage
) -> None:
    object_id = house.open_case(footage.case_photo)
    path = "card/deep/old.mp4"
    (job_id,) = house.ask(path=path, camera="c", beganAt=BEGAN_AT, everySeconds=0.04).json()["jobs"]
    wait_until(lambda: [job for job in house.jobs() if job["done"] and job["total"] > 100], "progress")
    (job,) = house.jobs()
    assert (job["id"], job["tag"], job["etaSeconds"] > 0) == (job_id, "footage c", True)
    os.kill(house.worker(), signal.SIGKILL)
    wait_until(lambda: house.workers.events("job_orphaned"), "the job's return")
    wait_until(house.sightings, "a sighting")
    assert all(BEGAN_AT <= seen["takenAt"] <= BEGAN_AT + 120 for seen in house.sightings())
    house.close_case(object_id)
    wait_until(lambda: house.in_galleries() == [], "the references' end", patience=5)
    wait_until(lambda: house.done() == 1, "the end of the job")
    assert house.jobs() == []


def test_footage_that_is_not_there_is_told_and_refusals_change_nothing(house: House, footage: Footage) -> None:
    house.open_case(footage.case_photo)
    (house.folder / "out").symlink_to("/")
    for path in ("../card", "/etc", ""):
        assert house.ask(path=path).status_code == 400
    assert house.jobs() == []
    for path in ("missing", "out/etc"):
        assert house.ask(path=path).status_code == 202
    wait_until(lambda: len([job for job in house.jobs() if job["error"]]) == 2, "both failures")
    assert all("expected footage below the workers' folder" in job["error"] for job in house.jobs())


def test_a_video_of_a_pi_is_looked_through_as_it_comes(house: House, footage: Footage, tmp_path: Path) -> None:
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "mp4")
    video = footage.clips[0].video.read_bytes()
    arguments = ("--footage-folder", str(house.folder), "--orchestrator-url", house.orchestrator.url)
    with receiving.running(*arguments) as running:
        pi = receiving.pi(station="73")
        assert pi.send(("early.mp4", video)) == ["200"]
        wait_until(lambda: running.events("video_not_looked_through"), "the word that nobody is sought")
        object_id = house.open_case(footage.case_photo)
        recorded = 1_700_000_000.0
        pi.more = {"File-Modified": str(recorded)}
        assert pi.send(("yard.mp4", video)) == ["200"]
        wait_until(house.sightings, "a sighting")
        assert all(recorded - 120 < one["takenAt"] <= recorded for one in house.sightings())
        assert {(one["cameraId"], one["objectId"]) for one in house.sightings()} == {("station 73", object_id)}
        wait_until(lambda: house.done() == 1, "the end of the footage")
        assert running.metric("pi_receiver_forwarded_total", kind="video") == 2


def test_without_workers_footage_is_refused() -> None:
    with role("processor_orchestrator", "--port", "0") as running:
        running.wait_for_event("loaded")
        answer = requests.post(f"{running.url}/api/footage", json={"path": "card"}, timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (503, "no_workers")
