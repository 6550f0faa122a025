"""R10: a client that stops reading costs the others nothing, and this process next to nothing."""

import base64
import functools
import io
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image

from backbone.outbox import Outbox
from backbone.web import socket_handler
from tests.contract.conftest import within
from tests.contract.raw_socket import TEXT, connect
from tests.peers import client, processor
from tests.processes import until

MESSAGES = 400
PADDING = "x" * 60_000
GROWTH_BYTES = 16 * 1024 * 1024
SMALL = 4096
UNDER_WAY = 8
DELAY_SECONDS = 5.0
"""Far over what a message needs, far under what a queue of all messages would cost."""


def resident_bytes(pid):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


async def flood(camera, listeners, watch):
    """Send all messages, never more than a few ahead of the listeners; return when each was heard, by listener."""
    sent_at, delays = {}, []
    for number in range(MESSAGES):
        sent_at[number] = time.monotonic()
        await camera.say(type="boundingBoxes", frameId=number, boxes=[{"boxId": 1, "rect": [0, 0, 1, 1], "x": PADDING}])
        if number >= UNDER_WAY:
            delays += [await heard(listener, number - UNDER_WAY, sent_at) for listener in listeners]
        if number % 50 == 0:
            watch()
    for number in range(MESSAGES - UNDER_WAY, MESSAGES):
        delays += [await heard(listener, number, sent_at) for listener in listeners]
    return delays


async def heard(listener, number, sent_at):
    """Check that the next message is the expected one, in order; return its delay in seconds."""
    assert (await listener.hear("boundingBoxes"))["frameId"] == number
    listener.seen.clear()
    return time.monotonic() - sent_at[number]


async def test_a_client_that_stops_reading_costs_nobody_anything(orchestrator):
    pid, grown = orchestrator.process.pid, []
    async with (
        processor(orchestrator.url, "door") as camera,
        client(orchestrator.url) as one,
        client(orchestrator.url) as two,
    ):
        await camera.say(type="boundingBoxes", frameId=-1, boxes=[])
        for listener in (one, two):
            await listener.hear("boundingBoxes")
        before = resident_bytes(pid)
        stalled = await connect(orchestrator.url, "/client", receive_buffer=SMALL)
        await until(lambda: orchestrator.metric("orchestrator_clients") == 3, "the stalled client is there")
        delays = await flood(camera, [one, two], lambda: grown.append(resident_bytes(pid) - before))
        grown.append(resident_bytes(pid) - before)
        dropped = orchestrator.metric("searchlight_dropped_total", where="client")
        received = await frame_ids(stalled, until_it_hears=MESSAGES - 1)
    assert max(grown) < GROWTH_BYTES
    assert max(delays) < DELAY_SECONDS
    assert dropped > 0
    assert len(received) + dropped == MESSAGES, "every message was either sent or counted as dropped"
    assert received == sorted(received)
    newest = list(range(MESSAGES - 50, MESSAGES))
    assert received[-len(newest) :] == newest, "the oldest are dropped, the newest arrive"


async def frame_ids(raw, *, until_it_hears):
    """Read at last: which messages are there, in order, up to one."""
    found = []
    while (frame := await raw.receive()) is not None:
        if frame[0] == TEXT:
            found.append(json.loads(frame[1])["frameId"])
            if found[-1] == until_it_hears:
                break
    raw.close()
    return found


def large_picture():
    """Return a JPEG of a few hundred KiB: noise does not compress."""
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=90)
    return out.getvalue()


async def test_commands_are_never_dropped_and_who_does_not_take_them_is_let_go_with_1013(monkeypatch):
    monkeypatch.setattr(socket_handler, "Outbox", functools.partial(Outbox, max_commands=10))
    async with within() as house, client(house.url) as operator:
        await operator.say(type="setUsesImages", usesImages=True)
        await operator.say(type="start", image=base64.b64encode(large_picture()).decode())
        await operator.hear("newObject")
        stalled = await connect(house.url, "/client", receive_buffer=SMALL)
        for _ in range(60):
            await stalled.send(b'{"type":"setUsesImages","usesImages":true}')
        pictures, code = 0, None
        while (frame := await stalled.receive()) is not None:
            if frame[0] == TEXT:
                pictures += json.loads(frame[1])["type"] == "newObject"
            else:
                code = int.from_bytes(frame[1][:2], "big")
                break
        assert code == 1013
        assert 0 < pictures < 60
        stalled.close()
        await until(
            lambda: house.orchestrator.registry.get_sample_value("orchestrator_clients") == 1,
            "the client that was let go is forgotten",
        )
        await operator.say(type="stop", objectId=1)
        assert await operator.hear("stop") == {"type": "stop", "objectId": 1}
