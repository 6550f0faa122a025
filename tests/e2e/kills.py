"""Kills orchestrators under load and checks the history: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from typing import Any

import requests
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketError

from processor_orchestrator.domain.sighting import GAP_SECONDS
from tests.peers import Peer, client, peer
from tests.processes import ANSWER_SECONDS, Role


class Camera:
    """A processor that stays with whichever orchestrator answers, makes feature maps, and sees what it seeks."""

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self.maps: set[int] = set()
        self.stopped: set[int] = set()
        self.sent = 0

    async def run(self) -> None:
        for turn in range(10_000):
            try:
                async with peer(self._urls[turn % len(self._urls)], "/processor") as opened:
                    await opened.say(type="identifier", id="door")
                    await self._converse(opened)
            except Exception:  # noqa: BLE001 - whatever the killed one did to the socket: go to the other
                await asyncio.sleep(0.05)

    async def _converse(self, opened: Peer) -> None:
        while (message := await opened.hear(patience=60)) is not None:
            object_id = message.get("objectId")
            if message["type"] == "start":
                await opened.say(type="featureMap", objectId=object_id, featureMap=[object_id] * 4, modelId="m")
            elif message["type"] == "featureMap" and message["featureMap"] == [object_id] * 4:
                self.maps.add(object_id)
                box = {"boxId": 1, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": object_id}
                await opened.say(type="boundingBoxes", frameId=time.time(), boxes=[box])
                self.sent += 1
            elif message["type"] == "stop":
                self.stopped.add(object_id)


class History:
    """What was acknowledged to a client, whichever orchestrator it was."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.sightings: dict[str, int] = {}
        self.recoveries: list[float] = []


async def run_kills(roles: list[Role], ports: list[int], started: Any, *, kills: int, seed: int) -> History:
    """Kill an orchestrator `kills` times while objects are opened; `started` starts one again at a port."""
    chance, history = random.Random(seed), History()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    camera = Camera(urls)
    running = asyncio.create_task(camera.run())
    try:
        for turn in range(kills):
            victim, other = turn % 2, 1 - turn % 2  # the camera is at the victim: it came there after the last kill
            opening = [asyncio.create_task(open_cases(url, history, 8)) for url in urls]
            await asyncio.sleep(chance.random() * 0.5)  # when it strikes is the point, not a wait for something
            roles[victim].kill()
            began = time.monotonic()
            await served(urls[other], history)
            history.recoveries.append(time.monotonic() - began)
            await asyncio.gather(*opening)
            roles[victim] = await asyncio.to_thread(started, ports[victim])
        await until_all_learned(urls, history)
    finally:
        running.cancel()
    return history


async def open_cases(url: str, history: History, count: int) -> None:
    """Open objects until the orchestrator dies; whatever it told is history."""
    with contextlib.suppress(OSError, HTTPClientError, WebSocketError):
        async with client(url) as page:
            await page.say(type="subscribe", sightings=True)
            await page.say(type="setUsesImages", usesImages=True)
            for number in range(count):
                await page.say(type="start", cameraId="door", frameId=1.0, boxId=number)
                while (message := await page.hear(patience=20)) is not None:
                    if message["type"] == "sighting":
                        history.sightings[message["sightingId"]] = message["objectId"]
                    elif message["type"] == "newObject":
                        history.known.add(message["objectId"])
                        break
                    elif message["type"] == "error":
                        await asyncio.sleep(0.1)  # the camera is on its way from the killed one
                        break


async def served(url: str, history: History) -> None:
    """Return when an object that was opened after the kill was seen by the camera."""
    async with client(url) as page:
        await page.say(type="subscribe", sightings=True)
        await page.say(type="setUsesImages", usesImages=True)
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=99)
        newest = 0
        while True:
            message = await page.hear(patience=20)
            if message["type"] == "error":
                await asyncio.sleep(0.1)
                await page.say(type="start", cameraId="door", frameId=1.0, boxId=99)
            elif message["type"] == "newObject":
                newest = max(newest, message["objectId"])
                history.known.add(newest)
            elif message["type"] == "sighting" and newest and message["objectId"] == newest:
                return


async def until_all_learned(urls: list[str], history: History) -> None:
    """Return when every acknowledged object is known at both and was seen exactly once."""
    deadline = time.monotonic() + 30
    while True:
        seen = requests.get(f"{urls[0]}/api/sightings?limit=1000", timeout=ANSWER_SECONDS).json()["data"]
        times = Counter(sighting["objectId"] for sighting in seen)
        known = [
            {o["objectId"] for o in requests.get(f"{u}/api/objects", timeout=ANSWER_SECONDS).json()["data"]}
            for u in urls
        ]
        wanted = history.known
        if all(wanted <= ids for ids in known) and known[0] == known[1] and wanted <= times.keys():
            break
        assert time.monotonic() < deadline, (wanted - times.keys(), [wanted - ids for ids in known])
        await asyncio.sleep(0.1)
    last_seen: dict[int, float] = {}
    for sighting in sorted(seen, key=lambda found: float(found["firstSeen"])):
        before = last_seen.get(sighting["objectId"])
        assert before is None or sighting["firstSeen"] - before > GAP_SECONDS, f"doubled: {sighting}"
        last_seen[sighting["objectId"]] = sighting["lastSeen"]
    assert set(history.sightings) <= {sighting["sightingId"] for sighting in seen}, "a told sighting is gone"
