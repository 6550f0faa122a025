"""The table of hostile programs as tasks, and what they would have to touch to have escaped."""

import os
import re
import socket
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path

from backbone.wire.offload import Limits, Offloaded, OffloadTask
from tests.processes import ROOT

FOLDER = ROOT / "tests" / "hostile_programs"
DOCS = ROOT / "docs" / "offload-sandbox.md"
SHORT_SECONDS, LONG_SECONDS = 2.0, 10.0
"""Deadlines: short for what runs into it, long for what must end by itself or by another bound on a busy machine."""
STREAM = "hostile"


@dataclass(frozen=True)
class Hostile:
    """One hostile program: what it tries, how it must end, what stops it."""

    name: str
    status: str
    tries: str
    stopped_by: str
    task: dict[str, object]

    @property
    def deadline(self) -> float:
        return SHORT_SECONDS if self.status == "timeout" else LONG_SECONDS

    def as_task(self, reply: str, *args: str) -> OffloadTask:
        limits = Limits(wall_seconds=self.deadline, memory_mb=128, output_bytes=20_000)
        return OffloadTask(f"hostile-{self.name}", reply, self.name, args=args, limits=limits, **self.task)


def hostile_programs() -> list[Hostile]:
    """Return every row of the table."""
    table = tomllib.loads((FOLDER / "table.toml").read_text(encoding="utf-8"))
    rows = [Hostile(Path(file).stem, *rest, task=_sources(file)) for file, *rest in table["programs"]]
    for name, row in table["requests"].items():
        tries, stopped_by = row.pop("tries"), row.pop("stopped_by")
        files = {} if "program" in row else {"x.c": "int main(void) { return 0; }"}
        rows.append(Hostile(name, "rejected", tries, stopped_by, task={"name": "x", "files": files, **row}))
    return rows


def _sources(file: str) -> dict[str, object]:
    path = FOLDER / file
    name, text = path.stem, path.read_text(encoding="utf-8")
    match path.suffix:
        case ".c":
            header = (FOLDER / "hostile.h").read_text(encoding="utf-8")
            return {"name": name, "files": {file: text, "hostile.h": header}, "build": "gcc -w <name>.c -o <name>"}
        case ".cpp":
            return {"name": name, "files": {file: text}, "build": "g++ <name>.cpp -o <name>"}
        case ".mk":
            return {"files": {"Makefile": text}, "build": "make"}
        case _:
            build = "python3 <name>.py" if name.startswith("build") else None
            return {"name": name, "files": {file: text}, "build": build}


def escaped(result: Offloaded) -> bool:
    return "ESCAPED" in result.stdout or "ESCAPED" in result.stderr


def documented() -> list[tuple[str, ...]]:
    """Return the rows of the table in the docs: name, tries, status, stopped by."""
    row = re.compile(r"\| `([a-z_]+)` \| (.+?) \| (\w+) \| (.+?) \|")
    return [found.groups() for found in map(row.fullmatch, DOCS.read_text(encoding="utf-8").splitlines()) if found]


class Listener:
    """Listens where hostile programs are told that somebody does, and counts who comes."""

    def __init__(self) -> None:
        self.came = 0
        self._stream = socket.create_server(("0.0.0.0", 0))
        self.port = self._stream.getsockname()[1]
        self._datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagram.bind(("0.0.0.0", self.port))
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind(f"\0hostile-{self.port}")
        self._abstract.listen()
        for door in (self._stream, self._abstract):
            threading.Thread(target=self._accept, args=(door,), daemon=True).start()
        threading.Thread(target=self._receive, daemon=True).start()

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                door.accept()
            except OSError:
                return
            self.came += 1

    def _receive(self) -> None:
        while True:
            try:
                self._datagram.recv(10)
            except OSError:
                return
            self.came += 1

    def close(self) -> None:
        for door in (self._stream, self._datagram, self._abstract):
            door.close()


def strangers() -> list[str]:
    """Return the processes of this user that live in another pid namespace, as sandboxes of an ordinary user do."""
    mine, found = Path("/proc/self/ns/pid").readlink(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid() and (process / "ns" / "pid").readlink() != mine:
                found.append(process.name)
        except OSError:
            continue
    return found


def survivors(user: int) -> list[str]:
    """Return the processes of a user, as /proc tells them."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text(encoding="utf-8")
        except OSError:
            continue
        if re.search(rf"^Uid:\s+{user}\s", text, re.MULTILINE):
            found.append(text.split("\n", 1)[0])
    return found
