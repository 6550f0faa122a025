"""A server as the legacy ones are: answers 200 to cloudlets and keeps what they bring; can be stopped and come back."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.legacy_door import LegacyDoor, Parts
from tests.processes import free_port


class LegacyServer:
    """`said`: request types in order; `matches`: (job, files by name) in order; `answers`: other statuses by type."""

    def __init__(self) -> None:
        self.port = free_port()
        self.said: list[tuple[str, dict[str, str]]] = []
        self.matches: list[tuple[str, dict[str, bytes]]] = []
        self.answers: dict[str, int] = {}

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._door = LegacyDoor(self._take, port=self.port)

    def stop(self) -> None:
        self._door.close()

    def types(self) -> list[str]:
        return [kind for kind, _ in self.said]

    def _take(self, files: Parts) -> int:
        texts = {name: parts[0]["body"].decode() for name, parts in files.items() if name != "zip"}
        status = self.answers.get(texts["requestType"], 200)
        self.said.append((texts.pop("requestType"), texts))
        if "zip" in files and status == 200:
            with zipfile.ZipFile(io.BytesIO(files["zip"][0]["body"])) as archive:
                content = {name: archive.read(name) for name in archive.namelist()}
            self.matches.append((files["zip"][0]["filename"].removesuffix(".zip"), content))
        return status


@contextmanager
def legacy_server() -> Iterator[LegacyServer]:
    server = LegacyServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
