"""Load on a stack: cameras that see a sought person many times a second, and a client that notes what is acknowledged.

`python -m tests.stack.load SERVER... --object ID --secrets DIR --cameras N --hertz H` prints one JSON line for each
sighting that a server tells as stored: its id and when (seconds of the monotonic clock). Runs until it is terminated.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from pathlib import Path

from tornado.httpclient import HTTPError
from tornado.websocket import WebSocketClientConnection, websocket_connect

APART_SECONDS = 11.0
"""Two looks of one camera lie further apart, by its own clock, than one sighting lasts: each makes a new one."""
BEHIND_SECONDS = 3_000.0
"""The cameras' clocks begin this far behind; a device may lag an hour."""
CONNECT_SECONDS = 2.0
RETRY_SECONDS = 0.3
CONNECTION_LOST = (OSError, HTTPError, TimeoutError)


async def connected(servers: list[str], path: str, token: str) -> WebSocketClientConnection:
    """Return an authenticated connection to the first server that answers, for as long as it takes."""
    for server in itertools.cycle(servers):
        try:
            socket = await asyncio.wait_for(
                websocket_connect(f"ws://{server}{path}", ping_interval=1.0, ping_timeout=0.9), CONNECT_SECONDS
            )
        except CONNECTION_LOST:
            await asyncio.sleep(RETRY_SECONDS)
            continue
        await socket.write_message(json.dumps({"type": "authenticate", "jwt": token}))
        return socket
    raise AssertionError("expected a server")


def look(object_id: int, frame_id: float) -> str:
    """Return boxes in which the sought person stands."""
    box = {"boxId": 1, "rect": [0.4, 0.2, 0.5, 0.4], "objectType": "face", "certainty": 0.9}
    box |= {"objectId": object_id, "distance": 0.3}
    return json.dumps({"type": "boundingBoxes", "frameId": frame_id, "boxes": [box]})


async def camera(servers: list[str], number: int, *, token: str, object_id: int, hertz: float) -> None:
    """See the person for ever; a look that no server took is not repeated."""
    clock = time.time() - BEHIND_SECONDS
    while True:
        socket = await connected(servers, "/processor", token)
        await socket.write_message(json.dumps({"type": "identifier", "id": f"load-{number}"}))
        listening = asyncio.ensure_future(drain(socket))
        try:
            while not listening.done():
                await asyncio.wait_for(socket.write_message(look(object_id, clock)), CONNECT_SECONDS)
                clock = clock + APART_SECONDS if clock < time.time() else time.time() - BEHIND_SECONDS + number / 10
                await asyncio.sleep(1.0 / hertz)
        except Exception as fault:  # noqa: BLE001 - whatever broke this connection, the next one is tried
            sys.stderr.write(f"load-{number}: {fault!r}\n")
        finally:
            listening.cancel()
            socket.close()


async def drain(socket: WebSocketClientConnection) -> None:
    """Take what comes until the connection ends."""
    while await socket.read_message() is not None:
        pass


async def client(servers: list[str], token: str) -> None:
    """Print each sighting that is told as stored."""
    known: set[str] = set()
    while True:
        socket = await connected(servers, "/client", token)
        await socket.write_message(json.dumps({"type": "subscribe", "sightings": True}))
        while (raw := await socket.read_message()) is not None:
            message = json.loads(raw)
            if message["type"] == "sighting" and message["sightingId"] not in known:
                known.add(message["sightingId"])
                sys.stdout.write(json.dumps({"id": message["sightingId"], "at": time.monotonic()}) + "\n")
                sys.stdout.flush()
        await asyncio.sleep(RETRY_SECONDS)


async def run(chosen: argparse.Namespace) -> None:
    """Be every camera and the client."""
    secrets: Path = chosen.secrets
    async with asyncio.TaskGroup() as group:
        group.create_task(client(chosen.servers, (secrets / "operator.jwt").read_text(encoding="utf-8").strip()))
        for number in range(chosen.cameras):
            token = (secrets / f"load-{number}.jwt").read_text(encoding="utf-8").strip()
            seen = camera(chosen.servers, number, token=token, object_id=chosen.object, hertz=chosen.hertz)
            group.create_task(seen)


def main() -> None:
    """Run until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", nargs="+", help="HOST:PORT of each orchestrator")
    parser.add_argument("--object", type=int, required=True)
    parser.add_argument("--secrets", type=Path, required=True)
    parser.add_argument("--cameras", type=int, default=5)
    parser.add_argument("--hertz", type=float, default=2.0)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
