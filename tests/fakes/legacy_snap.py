"""A legacy snap client, capture and relay, written to seeds/001 with its own libraries. Nothing here is ours."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator

import requests
import websockets
from websockets.sync.client import connect

from tests.processes import ANSWER_SECONDS


def client(url: str, *, patience: float = 40.0) -> bool:
    """Say that the camera is ready, listen until somebody says `snap`, and return True."""
    with connect(url) as socket:
        socket.send("Ready for capture")
        while socket.recv(timeout=patience) != "snap":
            pass
        return True


def say(url: str, text: str) -> None:
    """Say one thing by a short connection, as a legacy scan says `stop`."""
    with connect(url) as socket:
        socket.send(text)


def capture(api: str, picture: bytes) -> int:
    """Put the picture that a camera gave to the API server and return the status."""
    files = {"image": ("opencv_frame_0.png", picture, "image/png")}
    return requests.put(f"{api}/snippets/1/", files=files, timeout=ANSWER_SECONDS).status_code


class Relay:
    """The legacy server: every text goes to every other client."""

    def __init__(self) -> None:
        self._clients: set[websockets.ServerConnection] = set()
        self.heard: list[str] = []
        self.url = ""

    async def _serve(self, socket: websockets.ServerConnection) -> None:
        self._clients.add(socket)
        try:
            async for text in socket:
                assert isinstance(text, str)
                self.heard.append(text)
                for other in self._clients - {socket}:
                    with contextlib.suppress(websockets.ConnectionClosed):
                        await other.send(text)
        finally:
            self._clients.discard(socket)

    async def run(self, ready: threading.Event, stop: asyncio.Event) -> None:
        async with websockets.serve(self._serve, "127.0.0.1", 0) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            ready.set()
            await stop.wait()


@contextlib.contextmanager
def relay() -> Iterator[Relay]:
    """Run a legacy relay for the length of a `with` block."""
    made, ready, stop = Relay(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(made.run(ready, stop),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=40)
        loop.close()
