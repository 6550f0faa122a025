"""A container engine over a real unix socket: as much of the Engine API (1.45) as the fleet agent speaks.

It runs nothing: containers are entries that tests can look at, end or break.
"""

import asyncio
import itertools
import json
import threading
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_unix_socket
from tornado.web import Application, RequestHandler

VERSION = {"ApiVersion": "1.45", "MinAPIVersion": "1.24", "Version": "26.1.5"}


class FakeContainerEngine:
    """Serves on its own thread from `start` to `stop`; may be started again on the same socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "engine.sock"
        self.url = f"unix://{self.path}"
        self.images = {"searchlight/camera:1"}
        self.containers: dict[str, dict[str, Any]] = {}
        self.ids = itertools.count(1)
        self.silent = False
        self.broken_start: str | None = None
        self.log: list[str] = []
        self.start()

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.path.unlink(missing_ok=True)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = HTTPServer(Application([(r"/(?:v[0-9.]+/)?(.*)", _Handler, {"engine": self})]))
        server.add_socket(bind_unix_socket(str(self.path)))
        ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

    def named(self, name: str) -> dict[str, Any]:
        return next(one for one in self.containers.values() if one["Name"] == name)

    def end_all(self) -> None:
        for one in self.containers.values():
            one["State"] = "exited"


class _Handler(RequestHandler):
    def initialize(self, engine: FakeContainerEngine) -> None:
        self._engine = engine

    async def prepare(self) -> None:
        while self._engine.silent:
            await asyncio.sleep(0.02)

    def get(self, path: str) -> None:
        self._engine.log.append(f"GET {path}")
        if path == "version":
            self.write(VERSION)
            return
        assert path == "containers/json", path
        wanted = json.loads(self.get_query_argument("filters"))["label"]
        found = [one for one in self._engine.containers.values() if _has(one["Labels"], wanted)]
        keys = ("Id", "Labels", "State", "Created")
        self.write(json.dumps([{key: one[key] for key in keys} for one in found]))

    def post(self, path: str) -> None:
        self._engine.log.append(f"POST {path}")
        if path == "containers/create":
            self._create(json.loads(self.request.body))
            return
        _, container_id, verb = path.split("/")
        one = self._engine.containers.get(container_id)
        if one is None:
            self._fail(404, f"No such container: {container_id}")
        elif verb == "start" and self._engine.broken_start is not None:
            self._fail(500, self._engine.broken_start)
        else:
            one["State"] = {"start": "running", "stop": "exited"}[verb]
            self.set_status(204)

    def delete(self, path: str) -> None:
        self._engine.log.append(f"DELETE {path}")
        self._engine.containers.pop(path.split("/")[1])
        self.set_status(204)

    def _create(self, asked: dict[str, Any]) -> None:
        name = self.get_query_argument("name")
        if asked["Image"] not in self._engine.images:
            self._fail(404, f"No such image: {asked['Image']}")
        elif any(one["Name"] == name for one in self._engine.containers.values()):
            self._fail(409, f'Conflict. The container name "/{name}" is already in use')
        else:
            container_id = f"{next(self._engine.ids):064x}"
            labels = asked["Labels"]
            made = {"Id": container_id, "Name": name, "Labels": labels, "State": "created", "Created": 1_700_000_000}
            self._engine.containers[container_id] = made | {"Asked": asked}
            self.set_status(201)
            self.write({"Id": container_id, "Warnings": []})

    def _fail(self, status: int, message: str) -> None:
        self.set_status(status)
        self.write({"message": message})


def _has(labels: dict[str, str], wanted: list[str]) -> bool:
    return all(labels.get(key) == value for key, _, value in (label.partition("=") for label in wanted))
