"""Kills the orchestrator that the cloudlets are at, while jobs are pushed and matches come in, and checks the history.

What was acknowledged is history: a job that was opened is at every cloudlet once, one that was closed is nowhere, and
each photo of a sought person is one sighting.
"""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import redis
import requests

from cloudlet.domain.match_files import match_id_of
from tests.conftest import RedisServer
from tests.fakes.legacy_peers import zip_of
from tests.fakes.photo_worker import photo_worker
from tests.processes import ANSWER_SECONDS, Role, free_port, wait_until

LASTING = ("A", "B")
"""Jobs that are open all the time: who they seek is on the photos."""
PASSING = "abcdefghijklmnopqrstuvwxyz"
CLOUDLETS = 3
STORED = "match_stored"


def face(letter: str, number: int = 0, taken_at: int = 0) -> bytes:
    return f"\xff\xd8\xff face:{letter} at:{taken_at} {number}".encode("latin-1")


class House:
    """Two orchestrators and three cloudlets on one Redis; orchestrators may be killed and started again."""

    def __init__(self, redis_server: RedisServer, folder: Path) -> None:
        self.redis, self._folder = redis_server, folder
        self._direct = redis.Redis(port=redis_server.port)
        self.ports = (free_port(), free_port())
        self.all: list[Role] = []
        self.orchestrators = [self.started(port) for port in self.ports]
        self.cloudlets = [self._cloudlet() for _ in range(CLOUDLETS)]
        self.keys = [f"127.0.0.1:{cloudlet.port}" for cloudlet in self.cloudlets]

    def started(self, port: int) -> Role:
        arguments = ("--port", str(port), "--redis-url", self.redis.url, "--cloudlet-heartbeat", "2")
        running = Role("processor_orchestrator", *arguments)
        self.all.append(running)
        running.wait_for_event("compared_with_store")
        return running

    def _cloudlet(self) -> Role:
        port = free_port()
        servers = [f"127.0.0.1:{orchestrator}" for orchestrator in self.ports]
        told = ("--redis-url", self.redis.url, "--spool", str(self._folder / f"{port}.sqlite3"))
        running = Role("cloudlet", *servers, str(port), "0.5", *told)
        self.all.append(running)
        running.wait_for_event("loaded")
        return running

    def close(self) -> None:
        for running in self.all:
            running.terminate()
        self._direct.close()

    def primary(self) -> int:
        """Return which orchestrator most cloudlets are at; all have joined one when this returns."""
        wait_until(lambda: all(self._server_of(cloudlet) for cloudlet in self.cloudlets), "all cloudlets to join")
        told = [self._server_of(cloudlet) for cloudlet in self.cloudlets]
        at_second = sum(text.endswith(str(self.ports[1])) for text in told)
        return int(at_second > CLOUDLETS / 2)

    @staticmethod
    def _server_of(cloudlet: Role) -> str:
        told = requests.get(f"{cloudlet.url}/readyz", timeout=ANSWER_SECONDS).json()["dependencies"]["server"]
        return str(told["detail"]) if told["ok"] else ""

    def ask(self, first: int, status: set[int], **parts: str | tuple[str, bytes]) -> requests.Response:
        """Ask as an operator does: one orchestrator, then the other, until one answers with such a status."""
        deadline, turn, last = time.monotonic() + 60, first, ""
        while time.monotonic() < deadline:
            try:
                answer = requests.post(f"http://127.0.0.1:{self.ports[turn % 2]}/", files=parts, timeout=ANSWER_SECONDS)
                if answer.status_code in status:
                    return answer
                last = answer.text
            except requests.RequestException as fault:
                last = str(fault)
            turn += 1
            time.sleep(0.05)
        raise AssertionError(f"expected one of {status}, got {last}")

    def pending(self) -> int:
        """Return how many pushes to cloudlets are under way, as the shared registry has them."""
        rows = [self._direct.hvals(f"searchlight:jobs_of:{key}") for key in self.keys]
        return sum(b'"has":false' in row for one in rows for row in one)

    def spooled(self) -> int:
        """Return how many cloudlets have something for a server."""
        return sum(cloudlet.metric("cloudlet_spooled_bytes") > 0 for cloudlet in self.cloudlets)


@dataclass
class History:
    """What was acknowledged, whoever did so.

    Attributes:
        sent: cloudlet's number and the moment that the photo tells, by match id, in the order of sending.
    """

    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)
    pushes_hit: int = 0
    uploads_hit: int = 0

    @property
    def sought(self) -> set[str]:
        return self.opened - self.closed


class Load:
    """An operator who opens and closes jobs, and a phone at every cloudlet."""

    def __init__(self, house: House, history: History, seed: int) -> None:
        self._house, self._history = house, history
        self._chance = random.Random(seed)
        self._began, self._photos, self._jobs = int(time.time()) - 100_000, 0, 0

    def open_job(self, name: str, letter: str, at: int) -> None:
        packed = zip_of({f"{name}/a.jpg": face(letter)})
        self._house.ask(at, {200}, requestType="newJob", zip=(f"{name}.zip", packed))
        self._history.opened.add(name)

    def operate(self, at: int) -> None:
        """Close some of the passing jobs and open others."""
        passing = sorted(self._history.sought - {f"seek {letter}" for letter in LASTING})
        for name in self._chance.sample(passing, len(passing) // 2):
            # 404: the killed one had closed it and did not get to say so
            self._house.ask(at, {200, 404}, requestType="deleteJob", jobName=name)
            self._history.closed.add(name)
        for _ in range(3):
            self._jobs += 1
            self.open_job(f"passing {self._jobs}", self._chance.choice(PASSING), at)

    def send(self, cloudlet: int, count: int) -> None:
        """Send photos one by one, as a phone that has a cloudlet's address does."""
        for _ in range(count):
            self._photos += 1
            letter, number = self._chance.choice(LASTING), self._photos
            photos = {"other.jpg": b"\xff\xd8\xff a tree", "1.jpg": face(letter, number, self._began + number)}
            answer = requests.post(
                f"http://{self._house.keys[cloudlet]}/",
                files={"requestType": "newPhotos", "batch": f"b{number}", "zip": ("p.zip", zip_of(photos))},
                timeout=ANSWER_SECONDS,
            )
            answer.raise_for_status()
            match_id = match_id_of(answer.json()["batchId"], f"seek {letter}", 0)
            self._history.sent[match_id] = (cloudlet, self._began + number)


def run_kills(house: House, *, kills: int, away: float, seed: int) -> History:
    """Kill the primary `kills` times under load, then both for `away` seconds; return when all is checked."""
    history, chance = History(), random.Random(seed)
    load = Load(house, history, seed)
    with photo_worker(house.redis.port), ThreadPoolExecutor(1 + CLOUDLETS) as pool:
        for letter in LASTING:
            load.open_job(f"seek {letter}", letter, 0)
        until_jobs_are_right(house, history)
        for _ in range(kills):
            victim = house.primary()
            work = [pool.submit(load.operate, victim)]
            work += [pool.submit(load.send, number, 3) for number in range(CLOUDLETS)]
            wait_for_the_moment(house, chance)
            house.orchestrators[victim].kill()
            history.pushes_hit += house.pending() > 0
            history.uploads_hit += house.spooled() > 0
            for one in work:
                one.result(timeout=120)
            house.orchestrators[victim] = house.started(house.ports[victim])
        until_all_is_right(house, history)
        be_away(house, history, load, away)
        load.operate(0)
        until_all_is_right(house, history)
    return history


def wait_for_the_moment(house: House, chance: random.Random) -> None:
    """Return in the middle of a push, with a match that waits at a cloudlet, or whenever chance has it."""
    ends = time.monotonic() + 0.1 + chance.random()
    moment = chance.choice((house.pending, house.spooled, lambda: 0))
    while time.monotonic() < ends and not moment():
        time.sleep(0.001)


def be_away(house: House, history: History, load: Load, seconds: float) -> None:
    """Kill both while photos go on arriving at the cloudlets, and check that they are drained in order."""
    for running in house.orchestrators:
        running.kill()
    before, ends = list(history.sent), time.monotonic() + seconds
    while time.monotonic() < ends:
        for number in range(CLOUDLETS):
            load.send(number, 1)
        time.sleep(min(1.0, seconds / 10))
    late = [match_id for match_id in history.sent if match_id not in before]
    wait_until(lambda: house.spooled() == CLOUDLETS, "matches to wait at every cloudlet")
    house.orchestrators = [house.started(port) for port in house.ports]
    wait_until(lambda: house.spooled() == 0, "empty spools")
    wait_until(lambda: set(late) <= set(stored_in_order(house)), "the orchestrators to say so")
    came = [match_id for match_id in stored_in_order(house) if match_id in set(late)]
    for number in range(CLOUDLETS):
        mine = [match_id for match_id in late if history.sent[match_id][0] == number]
        assert [match_id for match_id in came if match_id in set(mine)] == mine, "drained out of order"


def stored_in_order(house: House) -> list[str]:
    """Return the match ids that orchestrators say they stored, whichever it was, by time."""
    told = [event for running in house.all for event in running.events(STORED)]
    return [str(event["match"]) for event in sorted(told, key=lambda event: str(event["timestamp"]))]


def until_all_is_right(house: House, history: History) -> None:
    until_jobs_are_right(house, history)
    until_photos_are_sightings(house, history)


def until_jobs_are_right(house: House, history: History) -> None:
    """Return when every open job is at every cloudlet, and nothing else; raise when it does not come to that."""
    wait_until(lambda: not wrong_jobs(house, history), "the right jobs everywhere", patience=60)


def wrong_jobs(house: House, history: History) -> list[str]:
    wrong = []
    for port in house.ports:
        listed = requests.get(f"http://127.0.0.1:{port}/api/cases", timeout=ANSWER_SECONDS).json()["data"]
        names = Counter(case["jobName"] for case in listed)
        if names != Counter(history.sought):
            wrong.append(f"{port}: {names}")
    with redis.Redis(port=house.redis.port) as direct:
        for key, cloudlet in zip(house.keys, house.cloudlets, strict=True):
            kept = {name.decode() for name in direct.hkeys(f"cloudlet:{key}:jobs")}
            known = int(cloudlet.metric("cloudlet_jobs", state="open"))
            if kept != history.sought or known != len(kept):
                wrong.append(f"{key}: {kept}, knows {known}")
    return wrong


def until_photos_are_sightings(house: House, history: History) -> None:
    """Return when each photo that a cloudlet acknowledged is one sighting, at both orchestrators alike."""
    wanted = Counter(moment for _, moment in history.sent.values())
    for port in house.ports:
        wait_until(lambda at=port: set(moments_at(at)) >= set(wanted), "every match", patience=60)  # type: ignore[misc]
        wait_until(lambda: house.spooled() == 0, "empty spools")
        assert moments_at(port) == wanted, "a match was doubled, or came from nowhere"
    doubled = [match for match, count in Counter(stored_in_order(house)).items() if count > 1]
    assert not doubled, f"stored twice: {doubled}"


def moments_at(port: int) -> Counter[int]:
    """Return how many sightings an orchestrator lists, by the moment that their photos tell."""
    seen = requests.get(f"http://127.0.0.1:{port}/api/sightings?limit=1000", timeout=ANSWER_SECONDS).json()["data"]
    return Counter(round(sighting["takenAt"]) for sighting in seen)
