"""R7: a million damaged messages: 0 uncaught, 0 exits, 0 stalls over 100 ms for a clean peer.

Run: `python -m pytest -s tests/endurance/test_message_fuzz.py`, about 5 minutes. A seed is drawn and printed; put it
into `SEED` to play a run again.
"""

import asyncio
import contextlib
import itertools
import random
import time

from tests.contract.mutations import mutated
from tests.contract.test_message_fuzz import check_decoders
from tests.peers import client, peer, processor

DECODED = 1_000_000
SPOKEN = 100_000
SEED: int | None = None
MOST_SECONDS = 0.1
AT_ONCE = 200
MARKED = "got 9007199254740993"
MARKER = {
    "/client": b'{"type":"stop","objectId":9007199254740993}',
    "/processor": b'{"type":"featureMap","objectId":9007199254740993,"featureMap":[]}',
}


def seeded(what):
    seed = random.SystemRandom().getrandbits(64) if SEED is None else SEED
    print(f"\nR7 {what}: seed={seed}")  # noqa: T201 - whoever reads a failure needs it
    return random.Random(seed)


def test_a_million_damaged_messages_are_decoded_or_refused():
    draw, longest, slowest = seeded(f"decoded N={DECODED}"), 0.0, b""
    for number in range(DECODED):
        raw = mutated(draw)
        began = time.process_time()
        try:
            check_decoders(raw)
        except Exception as fault:
            fault.add_note(f"message {number}: {raw!r}")
            raise
        if (took := time.process_time() - began) > longest:
            longest, slowest = took, raw
    print(f"R7 decoded: uncaught=0 longest={longest * 1000:.1f}ms ({len(slowest)} bytes)")  # noqa: T201
    assert longest < MOST_SECONDS, slowest


async def speak(house, door, messages):
    """Say everything, opening a new socket whenever the old one was ended; answers are read and thrown away."""
    remaining = itertools.chain(messages, [MARKER[door]])
    unsaid = next(remaining, None)
    while unsaid is not None:
        async with peer(house.url, door) as hostile:
            reading = asyncio.ensure_future(read_away(hostile))
            said = 0
            while unsaid is not None and not reading.done():
                with contextlib.suppress(Exception):
                    await hostile.say_raw(unsaid, binary=not is_text(unsaid))
                unsaid, said = next(remaining, None), said + 1
                if said % AT_ONCE == 0:
                    await asyncio.sleep(0)
            if not reading.done():
                await reading


def is_text(raw):
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


async def read_away(hostile):
    """Read until the connection ends, or the answer to the last message of all comes."""
    while (answer := await hostile.connection.read_message()) is not None and MARKED not in str(answer):
        pass


async def clean_peer(house, ended):
    """Send boxes all the time; return the longest time until a client heard them, seconds."""
    longest = 0.0
    async with processor(house.url, "clean") as camera, client(house.url) as operator:
        while not ended.is_set():
            began = time.monotonic()
            await camera.say(type="boundingBoxes", frameId=began, boxes=[])
            while (heard := await operator.hear("boundingBoxes")) and heard["cameraId"] != "clean":
                pass
            operator.seen.clear()
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.01)
    return longest


async def test_damaged_messages_over_real_sockets_hold_up_no_clean_peer(orchestrator):
    draw, ended = seeded(f"spoken N={SPOKEN}"), asyncio.Event()
    clean = asyncio.ensure_future(clean_peer(orchestrator, ended))
    for door in ("/client", "/processor"):
        await speak(orchestrator, door, (mutated(draw) for _ in range(SPOKEN // 2)))
    ended.set()
    longest = await clean
    refused = orchestrator.metric("searchlight_refused_total")
    print(f"R7 spoken: refused={refused:.0f} longest wait of the clean peer={longest * 1000:.1f}ms")  # noqa: T201
    assert orchestrator.process.poll() is None
    assert not orchestrator.events("request_failed")
    assert refused > SPOKEN / 4
