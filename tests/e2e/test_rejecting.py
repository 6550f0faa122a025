"""A rejected sighting teaches the case: such a face is reported by nobody again, whichever orchestrator was told."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from PIL import Image, ImageEnhance

from drill.footage import Footage
from drill.pictures import fetch_pictures
from tests.conftest import RedisServer
from tests.e2e.conftest import DATA_DIR
from tests.e2e.test_two_orchestrators import Pair
from tests.fakes.legacy_peers import zip_of
from tests.peers import Peer, client, peer
from tests.processes import ANSWER_SECONDS, Role, free_port, role, wait_until

LOOSE = "1.0"
"""So large a distance that a stranger matches as well."""


@dataclass
class House:
    """Two orchestrators, one cloudlet, one worker."""

    urls: list[str]
    cloudlet: Role
    photos: dict[str, bytes]
    redis_port: int

    def send(self, name: str, brightness: float) -> None:
        """Send a photo; another brightness makes another photo of the same face."""
        with Image.open(io.BytesIO(self.photos[name])) as opened:
            out = io.BytesIO()
            ImageEnhance.Brightness(opened.convert("RGB")).enhance(brightness).save(out, "JPEG", quality=90)
        files = {"requestType": "newPhotos", "zip": ("p.zip", zip_of({"p.jpg": out.getvalue()}))}
        requests.post(f"{self.cloudlet.url}/", files=files, timeout=ANSWER_SECONDS).raise_for_status()
        wait_until(lambda: self.cloudlet.metric("cloudlet_batches") == 0, "the comparison")
        wait_until(lambda: self.cloudlet.metric("cloudlet_spooled_bytes") == 0, "the delivery")

    def sightings(self) -> list[Any]:
        return list(requests.get(f"{self.urls[0]}/api/sightings", timeout=ANSWER_SECONDS).json()["data"])

    def cloudlet_has_a_negative(self) -> bool:
        with redis.Redis(port=self.redis_port) as direct:
            (job,) = direct.hvals(f"cloudlet:127.0.0.1:{self.cloudlet.port}:jobs")
        return bool(json.loads(job)["negatives"])

    def case(self, at: int, object_id: int) -> Any:
        return requests.get(f"{self.urls[at]}/api/cases/{object_id}", timeout=ANSWER_SECONDS).json()


@pytest.fixture
def house(redis_server: RedisServer, tmp_path: Path) -> Iterator[House]:
    pictures = {name: path.read_bytes() for name, path in fetch_pictures(DATA_DIR).items()}
    with ExitStack() as stack:
        pair = Pair(redis_server)
        for running in pair.roles:
            stack.callback(running.terminate)
        pair.meet()
        worker = ("--redis-url", redis_server.url, "--port", "0", "--processes", "1")
        workers = stack.enter_context(role("job_workers", *worker))
        told = ("--redis-url", redis_server.url, "--spool", str(tmp_path / "spool.sqlite3"))
        servers = [f"127.0.0.1:{port}" for port in pair.ports]
        cloudlet = stack.enter_context(role("cloudlet", *servers, str(free_port()), "1", *told))
        cloudlet.wait_for_event("loaded")
        wait_until(lambda: workers.events("worker_ready"), "the worker")
        yield House([running.url for running in pair.roles], cloudlet, pictures, redis_server.port)


async def heard_with_negatives(camera: Peer) -> Any:
    while "negatives" not in (told := await camera.hear("case", patience=30)):
        pass
    return told


async def test_a_face_that_was_rejected_at_one_orchestrator_is_reported_by_nobody_again(
    house: House, footage: Footage
) -> None:
    first, second = house.urls
    with footage.case_photo.open("rb") as photo:
        answer = requests.post(
            f"{first}/api/cases",
            data={"name": "Anna", "threshold": LOOSE},
            files={"photos": photo},
            timeout=ANSWER_SECONDS,
        )
    object_id = answer.json()["objectId"]
    wait_until(lambda: house.cloudlet.metric("cloudlet_jobs", state="open") == 1, "the job at the cloudlet")
    async with client(first) as here, client(second) as there, peer(first, "/processor") as camera:
        await here.say(type="subscribe", sightings=True)
        await there.say(type="subscribe", sightings=True)
        await camera.say(type="identifier", id="door", features=["case"])
        house.send("biden.jpg", 1.0)
        (false_match,) = house.sightings()
        assert false_match["objectId"] == object_id
        for page in (here, there):
            assert (await page.hear("sighting"))["sightingId"] == false_match["sightingId"]
        path = f"{second}/api/sightings/{false_match['sightingId']}/reject"
        requests.post(path, timeout=ANSWER_SECONDS).raise_for_status()
        for page in (here, there):
            told = await page.hear("sighting")
            assert (told["sightingId"], told["rejected"]) == (false_match["sightingId"], True)
        learned = await heard_with_negatives(camera)
        assert (learned["objectId"], len(learned["negatives"]), len(learned["negatives"][0])) == (object_id, 1, 128)
    for at in (0, 1):
        wait_until(lambda at=at: house.case(at, object_id)["negatives"] == 1, "the negative at both")
    requests.post(path, timeout=ANSWER_SECONDS).raise_for_status()
    wait_until(house.cloudlet_has_a_negative, "the cloudlet to have the case with its negative")
    house.send("biden.jpg", 0.8)
    house.send("obama.jpg", 0.9)
    assert len(house.sightings()) == 2, "the stranger once, and the person who is sought"
    assert house.case(0, object_id)["negatives"] == 1, "the same rejection again teaches nothing more"
    assert not min(house.sightings(), key=lambda seen: seen["distance"]).get("rejected", False)
