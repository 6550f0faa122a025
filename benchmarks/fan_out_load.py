"""The load of the fan-out benchmark: processors that send boxes and clients that take them, in a process of its own."""

import argparse
import asyncio
import json
import time

from tornado.websocket import WebSocketClientConnection, websocket_connect

WARM_UP_SECONDS = 1.0


def boxes_message(frame_id: float, boxes: int) -> str:
    """Return a `boundingBoxes` text of a usual size."""
    box = {"rect": [0.1234, 0.2345, 0.3456, 0.4567], "objectType": "face", "certainty": 0.987}
    many = [{"boxId": number} | box for number in range(boxes)]
    return json.dumps({"type": "boundingBoxes", "frameId": frame_id, "boxes": many})


async def take(client: WebSocketClientConnection, latencies: list[float]) -> None:
    """Take boxes for ever and note how old each is, seconds."""
    while (raw := await client.read_message()) is not None:
        message = json.loads(raw)
        if message["type"] == "boundingBoxes":
            latencies.append(time.time() - message["frameId"])


async def send(processor: WebSocketClientConnection, *, hertz: float, boxes: int, until: float) -> int:
    """Send boxes evenly until a time; returns how many messages were sent."""
    sent, due = 0, time.time()
    while due < until:
        await asyncio.sleep(max(0.0, due - time.time()))
        await processor.write_message(boxes_message(time.time(), boxes))
        sent += 1
        due += 1.0 / hertz
    return sent


async def run(url: str, *, cameras: int, clients: int, hertz: float, boxes: int, seconds: float) -> dict[str, object]:
    """Return how many messages were sent and taken, and the latencies."""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    takers = [await websocket_connect(f"{url}/client") for _ in range(clients)]
    taking = [asyncio.ensure_future(take(taker, mine)) for taker, mine in zip(takers, latencies, strict=True)]
    processors = []
    for number in range(cameras):
        processors.append(await websocket_connect(f"{url}/processor"))
        await processors[-1].write_message(json.dumps({"type": "identifier", "id": f"camera-{number}"}))
    await asyncio.sleep(WARM_UP_SECONDS)
    until = time.time() + seconds
    sending = [send(processor, hertz=hertz, boxes=boxes, until=until) for processor in processors]
    sent = sum(await asyncio.gather(*sending))
    await asyncio.sleep(WARM_UP_SECONDS)
    for task in taking:
        task.cancel()
    every = sorted(latency for mine in latencies for latency in mine)
    return {"sent": sent, "taken": len(every), "latencies": every}


def main() -> None:
    """Print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    for name, default in (("cameras", 10), ("clients", 10), ("boxes", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--hertz", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    chosen = vars(parser.parse_args())
    print(json.dumps(asyncio.run(run(chosen.pop("url"), **chosen))))


if __name__ == "__main__":
    main()
