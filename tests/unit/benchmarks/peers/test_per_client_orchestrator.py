"""The orchestrator to measure against hands boxes to every client, written anew for each."""

import asyncio
import json

import pytest
from tornado.websocket import websocket_connect

from benchmarks.peers.per_client_orchestrator import CLIENTS, serve
from tests.processes import free_port, until


@pytest.fixture
async def url():
    port = free_port()
    task = asyncio.create_task(serve(port))
    yield f"ws://127.0.0.1:{port}"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    CLIENTS.clear()


async def test_every_client_gets_the_boxes_of_a_camera(url):
    clients = [await websocket_connect(f"{url}/client") for _ in range(3)]
    camera = await websocket_connect(f"{url}/processor")
    await until(lambda: len(CLIENTS) == 3, "the clients")
    await camera.write_message(json.dumps({"type": "identifier", "id": "gate"}))
    await camera.write_message(json.dumps({"type": "boundingBoxes", "frameId": 7, "boxes": [{"id": 1}]}))
    told = [json.loads(await client.read_message()) for client in clients]
    assert told == [{"type": "boundingBoxes", "cameraId": "gate", "frameId": 7, "boxes": [{"id": 1}]}] * 3
    camera.close()
    clients.pop().close()
    await until(lambda: len(CLIENTS) == 2, "the client that left")
    for client in clients:
        client.close()
