"""Servers, cloudlets and phones, legacy and ours, in combination: a job is pushed, a photo matches, the match arrives.

A legacy cloudlet's face matching is stood in for by colour: whoever is sought wears red.
"""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
import requests
from PIL import Image

from backbone.face_models.names import DEFAULT
from tests.conftest import RedisServer
from tests.fakes.encode_worker import encode_worker
from tests.fakes.legacy_peers import (
    SERVER_SECONDS,
    LegacyCloudlet,
    LegacyServer,
    ask,
    legacy_phone,
    photos_in,
    zip_of,
)
from tests.fakes.match_worker import is_red, match_worker
from tests.processes import ANSWER_SECONDS, ROOT, Role, free_port, role, wait_until

JOB = "anna"


def photo(colour: str, mark: int = 0) -> bytes:
    """A picture of one colour; `mark` tells one from another. The fake encoder finds a face by the word in it."""
    out = io.BytesIO()
    Image.new("RGB", (320 + 8 * mark, 240), colour).save(out, "JPEG", comment=b"face")
    return out.getvalue()


def wears_red(sought: list[bytes], content: bytes) -> bool:
    return bool(sought) and is_red(content)


# Servers: each can open a job, and tell the deliveries of it.


class ServerSide(Protocol):
    url: str

    def open_job(self, name: str, photos: dict[str, bytes]) -> None: ...

    def deliveries(self) -> int: ...


class LegacySide:
    def __init__(self, server: LegacyServer) -> None:
        self.server, self.url = server, server.url

    def open_job(self, name: str, photos: dict[str, bytes]) -> None:
        self.server.open_job(name, photos)

    def deliveries(self) -> int:
        return sum(name == JOB for name, _ in self.server.matches)


class OurSide:
    def __init__(self, url: str) -> None:
        self.url = url

    def open_job(self, name: str, photos: dict[str, bytes]) -> None:
        answer = ask(self.url, SERVER_SECONDS, requestType="newJob", zip=(f"{name}.zip", zip_of(photos)))
        answer.raise_for_status()

    def deliveries(self) -> int:
        seen = requests.get(f"{self.url}/api/sightings", timeout=ANSWER_SECONDS).json()["data"]
        return sum(sighting["source"] == "phone" for sighting in seen)


@contextmanager
def legacy_server(_redis: RedisServer) -> Iterator[ServerSide]:
    server = LegacyServer()
    try:
        yield LegacySide(server)
    finally:
        server.close()


@contextmanager
def our_server(redis: RedisServer) -> Iterator[ServerSide]:
    arguments = ("--port", "0", "--redis-url", redis.url, "--cloudlet-heartbeat", "1")
    with role("processor_orchestrator", *arguments) as running:
        running.wait_for_event("loaded")
        yield OurSide(running.url)


# Cloudlets: each joins the server and says which jobs it has.


@contextmanager
def legacy_cloudlet(servers: list[str], _redis: RedisServer, _folder: Path) -> Iterator[Callable[[], int]]:
    cloudlet = LegacyCloudlet(servers, wears_red)
    cloudlet.start()
    try:
        yield lambda: len(cloudlet.jobs)
    finally:
        cloudlet.close()


@contextmanager
def our_cloudlet(servers: list[str], redis: RedisServer, folder: Path) -> Iterator[Callable[[], int]]:
    with our_cloudlet_role(servers, redis, folder) as running:
        yield lambda: int(running.metric("cloudlet_jobs", state="open"))


@contextmanager
def our_cloudlet_role(servers: list[str], redis: RedisServer, folder: Path, port: int = 0) -> Iterator[Role]:
    port = port or free_port()
    told = ("--redis-url", redis.url, "--spool", str(folder / f"spool-{port}.sqlite3"))
    with role("cloudlet", *servers, str(port), "0.5", *told) as running:
        running.wait_for_event("loaded")
        yield running


# Phones: each sends photos by name.


def our_phone(server: str, photos: dict[str, bytes], folder: Path, *more: str) -> None:
    done = run_phone(server, photos, folder, *more)
    assert done.returncode == 0, done.stderr
    assert f"{len(photos)} of {len(photos)} photos accepted" in done.stdout


def run_phone(server: str, photos: dict[str, bytes], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    with phone_process(server, photos, folder, *more) as process:
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def phone_process(server: str, photos: dict[str, bytes], folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(exist_ok=True)
    for name, content in photos.items():
        (folder / name).write_bytes(content)
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_devices.phone", *more, server, str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name not in {"JWT_FILE", "SEARCHLIGHT_SERVER"}},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=40)


SERVERS = {"legacy": legacy_server, "ours": our_server}
CLOUDLETS = {"legacy": legacy_cloudlet, "ours": our_cloudlet}
PHONES = {"legacy": lambda server, photos, _folder: legacy_phone(server, photos), "ours": our_phone}


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("cloudlet", CLOUDLETS)
@pytest.mark.parametrize("server", SERVERS)
def test_peers_of_both_kinds_find_a_person_together(
    server: str, cloudlet: str, phone: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        stack.enter_context(encode_worker(redis_server.port, more=(DEFAULT,)))
        stack.enter_context(match_worker(redis_server.port))
        side = stack.enter_context(SERVERS[server](redis_server))
        jobs = stack.enter_context(CLOUDLETS[cloudlet]([side.url, side.url], redis_server, tmp_path))
        side.open_job(JOB, {"anna/a.jpg": photo("red", 5), ".hidden.jpg": b"x"})
        wait_until(lambda: jobs() == 1, "the job at the cloudlet")
        PHONES[phone](side.url, {"1.jpg": photo("blue"), "2.jpg": photo("red")}, tmp_path / "photos")
        wait_until(lambda: side.deliveries() == 1, "the match at the server")
        PHONES[phone](side.url, {"1.jpg": photo("red", 1)}, tmp_path / "more")
        wait_until(lambda: side.deliveries() == 2, "the second match; the first was counted once")


def test_the_match_zip_of_a_legacy_job_holds_the_photo_as_the_phone_sent_it(tmp_path: Path) -> None:
    server = LegacyServer()
    cloudlet = LegacyCloudlet([server.url], wears_red)
    try:
        cloudlet.start()
        server.open_job(JOB, {"a.jpg": photo("red")})
        wait_until(lambda: JOB in cloudlet.jobs, "the job")
        sent = {"one.jpg": photo("red", 1), "two.jpg": photo("blue", 2), "three.jpg": photo("red", 3)}
        our_phone(server.url, sent, tmp_path / "photos", "--with-location")
        [(job, packed)] = server.matches
        assert job == JOB
        assert photos_in(packed) == {"one.jpg": sent["one.jpg"], "three.jpg": sent["three.jpg"]}
    finally:
        cloudlet.close()
        server.close()


def test_a_phone_joins_and_leaves(tmp_path: Path) -> None:
    server = LegacyServer()
    cloudlet = LegacyCloudlet([server.url], wears_red)
    try:
        cloudlet.start()
        our_phone(f"http://127.0.0.1:9,{server.url}", {"1.jpg": photo("blue")}, tmp_path / "photos")
        assert cloudlet.asked == ["newPhotos", "leave"]
        assert server.phones == {f"127.0.0.1:{cloudlet.port}": 0}
    finally:
        cloudlet.close()
        server.close()


def test_a_phone_waits_for_a_cloudlet_and_gives_up_in_clear_words(tmp_path: Path) -> None:
    server = LegacyServer()
    try:
        done = run_phone(server.url, {"1.jpg": photo("red")}, tmp_path / "photos", "--wait", "1")
        assert done.returncode == 1
        assert "stopped: the server knows no living cloudlet" in done.stderr
        assert "0 of 1 photos accepted" in done.stdout
        with phone_process(server.url, {"1.jpg": photo("red")}, tmp_path / "photos") as process:
            wait_until(lambda: server.asked.count("phoneJoinReq") >= 4, "a few tries")
            cloudlet = LegacyCloudlet([server.url], wears_red)
            try:
                cloudlet.start()
                out, _ = process.communicate(timeout=30)
                assert "1 of 1 photos accepted" in out
            finally:
                cloudlet.close()
    finally:
        server.close()


def test_what_cannot_be_sent_is_told_and_the_rest_is_sent(tmp_path: Path) -> None:
    server = LegacyServer()
    cloudlet = LegacyCloudlet([server.url], wears_red)
    try:
        cloudlet.start()
        done = run_phone(server.url, {"1.jpg": photo("red"), "2.jpg": b"GIF89a"}, tmp_path / "photos")
        assert done.returncode == 1
        assert "2.jpg: no JPEG, PNG, WebP or HEIC" in done.stderr
        assert "1 of 2 photos accepted" in done.stdout
    finally:
        cloudlet.close()
        server.close()


@pytest.mark.parametrize("server", SERVERS)
def test_ten_phones_are_spread_and_move_when_a_cloudlet_dies_in_the_middle(
    server: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        stack.enter_context(encode_worker(redis_server.port, more=(DEFAULT,)))
        side = stack.enter_context(SERVERS[server](redis_server))
        cloudlets = [LegacyCloudlet([side.url], wears_red) for _ in range(3)]
        for cloudlet in cloudlets:
            cloudlet.works.clear()
            cloudlet.start()
        doomed, *others = cloudlets
        for other in others:
            stack.callback(other.close)
        side.open_job(JOB, {"a.jpg": photo("red", 40)})
        wait_until(lambda: all(JOB in cloudlet.jobs for cloudlet in cloudlets), "the job at all cloudlets")
        phones = [
            stack.enter_context(
                phone_process(side.url, {"1.jpg": photo("red", n), "2.jpg": photo("blue", n)}, tmp_path / str(n))
            )
            for n in range(10)
        ]
        wait_until(lambda: sum(c.asked.count("newPhotos") for c in cloudlets) == 10, "ten uploads")
        assert sorted(cloudlet.asked.count("newPhotos") for cloudlet in cloudlets) == [3, 3, 4]
        doomed.kill()
        for other in others:
            other.works.set()
        told = [phone.communicate(timeout=60) for phone in phones]
        assert [phone.returncode for phone in phones] == [0] * 10, told
        assert sum("asking for another" in err for _, err in told) == doomed.asked.count("newPhotos")
        assert side.deliveries() == 10


def test_a_killed_cloudlet_of_ours_costs_no_match_and_doubles_none(redis_server: RedisServer, tmp_path: Path) -> None:
    # 52 photos are two batches; the first and the last photo show the sought person.
    photos = {f"{n:02}.jpg": photo("red" if n in {0, 51} else "blue", n) for n in range(52)}
    with ExitStack() as stack:
        stack.enter_context(encode_worker(redis_server.port, more=(DEFAULT,)))
        stack.enter_context(match_worker(redis_server.port))
        side = stack.enter_context(our_server(redis_server))
        doomed_port = free_port()
        doomed = stack.enter_context(our_cloudlet_role([side.url, side.url], redis_server, tmp_path, doomed_port))
        others = [
            stack.enter_context(our_cloudlet_role([side.url, side.url], redis_server, tmp_path)) for _ in range(2)
        ]
        side.open_job(JOB, {"a.jpg": photo("red", 60)})
        for cloudlet in (doomed, *others):
            wait_until(lambda c=cloudlet: c.metric("cloudlet_jobs", state="open") == 1, "the job")
        phones = [stack.enter_context(phone_process(side.url, photos, tmp_path / str(n))) for n in range(10)]
        wait_until(lambda: doomed.metric("cloudlet_photos_total") > 0, "photos at the cloudlet that will die")
        doomed.kill()
        told = [phone.communicate(timeout=90) for phone in phones]
        assert [phone.returncode for phone in phones] == [0] * 10, told
        stack.enter_context(our_cloudlet_role([side.url, side.url], redis_server, tmp_path, doomed_port))
        wait_until(lambda: side.deliveries() >= 20, "two matches of each phone")
        assert side.deliveries() == 20
