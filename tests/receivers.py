"""A real receiver on a folder of its own, and Pis that send to it as legacy senders do: plain `requests`."""

import base64
import hashlib
import itertools
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.processes import Role, role

TIMEOUT = 30
_stations = itertools.count(1)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Pi:
    """A legacy sender (WIRE section 3)."""

    url: str
    pi_id: str
    station: str
    more: dict[str, str] = field(default_factory=dict)
    timeout: float | tuple[float, float] = TIMEOUT

    @property
    def headers(self) -> dict[str, str]:
        return {"pi_id": self.pi_id, "pi_num": self.station, **self.more}

    def ask(self, **headers: str) -> requests.Response:
        return requests.get(f"{self.url}/upload", headers=self.headers | headers, timeout=TIMEOUT)

    def channel(self) -> str:
        code, letters = self.ask().text.split(" ")
        assert code == "301"
        return letters

    def post(self, letters: str, name: str, content: bytes, *, left: int = 1, drop: str = "", **headers: str | None):
        sent = self.headers | {"num_files": str(left), "checksum": digest_of(content)} | headers
        sent = {key: value for key, value in sent.items() if value is not None and key != drop}
        files = {} if drop == "sensor_data_file" else {"sensor_data_file": (name, content)}
        return requests.post(f"{self.url}/upload/{letters}", headers=sent, files=files, timeout=TIMEOUT)

    def send(self, *files: tuple[str, bytes]) -> list[str]:
        """Send files as one run of a legacy sender does, and return what it read."""
        letters = self.channel()
        left = range(len(files), 0, -1)
        return [self.post(letters, *file, left=number).text for number, file in zip(left, files, strict=True)]

    def tus(self, method: str, where: str, body: bytes | None = None, **headers: str | None) -> requests.Response:
        """Ask by tus 1.0.0; `where` is a path or an address; `_` in a header's name stands for `-`."""
        sent: dict[str, str | None] = {"Tus-Resumable": "1.0.0", **self.headers}
        sent |= {name if name.startswith("pi_") else name.replace("_", "-"): value for name, value in headers.items()}
        url = where if where.startswith("http") else self.url + where
        return requests.request(method, url, headers=sent, data=body, timeout=self.timeout)

    def create(self, name: str, content: bytes, *, digest: str = "", **headers: str | None) -> requests.Response:
        metadata = f"filename {base64_of(name.encode())},checksum {base64_of((digest or digest_of(content)).encode())}"
        sent = {"Upload_Length": str(len(content)), "Upload_Metadata": metadata} | headers
        return self.tus("POST", "/files/", **sent)

    def patch(self, where: str, offset: int, content: bytes, **headers: str | None) -> requests.Response:
        sent = {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream"} | headers
        return self.tus("PATCH", where, content, **sent)

    def offset(self, where: str) -> int:
        return int(self.tus("HEAD", where).headers["Upload-Offset"])


class Receiving:
    """A receiver that can be killed and started again on the same folder."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.store = folder / "received_files"
        self.ids = folder / "ids.txt"
        self.store.mkdir(parents=True, exist_ok=True)
        self.ids.touch()
        self._environment = environment
        self._arguments = ["--ids", str(self.ids), "--received-files", str(self.store), *arguments]
        self.role: Role | None = None

    @contextmanager
    def running(self, *more: str, environment: dict[str, str] | None = None) -> Iterator[Role]:
        chosen = (self._environment or {}) | (environment or {})
        with role("pi_receiver", "--port", "0", *self._arguments, *more, environment=chosen) as running:
            running.wait_for_event("listening")
            self.role = running
            yield running

    @property
    def url(self) -> str:
        assert self.role is not None
        return self.role.url

    def pi(self, *, station: str | None = None, key: str | None = None, listed: bool = True) -> Pi:
        """Return a new Pi; by default its line names no station."""
        pi_id, number = secrets.token_hex(8), station or str(next(_stations))
        line = ",".join(part for part in (pi_id, station or (number if key else None), key) if part)
        if listed:
            with self.ids.open("a") as file:
                file.write(f"{line}\n")
        return Pi(self.url, pi_id, number, {"pi_key": key} if key else {})

    def stored(self, folder: str) -> dict[str, bytes]:
        """Return what people see in a folder, without the `.sha256` files, each of which is checked."""
        where = self.store / folder
        names = {path.name for path in where.iterdir()} if where.is_dir() else set()
        files = {name: (where / name).read_bytes() for name in names if not name.endswith(".sha256")}
        for name, content in files.items():
            assert (where / f"{name}.sha256").read_text() == f"{digest_of(content)} {name}\n"
        short = names - {name + end for name in files for end in ("", ".sha256")}
        assert short == {f"{name.rpartition('.')[0]}.sha256" for name in files} - {f"{name}.sha256" for name in files}
        for name in short:
            digest, _, told = (where / name).read_text().strip().partition(" ")
            assert digest == digest_of(files[told]), name
        return files

    def left_over(self) -> list[str]:
        """Return the names of temporary files, resumable ones too."""
        state = self.store / ".receiver"
        return [path.name for folder in ("incoming", "resumable") for path in (state / folder).iterdir()]

    def noted(self) -> list[tuple[str, str]]:
        """Return path and digest of every file in the ledger."""
        with sqlite3.connect(self.store / ".receiver" / "ledger.sqlite3") as ledger:
            return ledger.execute("SELECT folder || '/' || stored, sha256 FROM files ORDER BY number").fetchall()

    def visible(self) -> list[Path]:
        """Return every file that people see, wherever."""
        found = (path for path in self.store.rglob("*") if path.is_file() and ".receiver" not in path.parts)
        return sorted(path for path in found if path.suffix != ".sha256")


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def claims_of(receipt: str) -> dict[str, object]:
    """Return what a receipt says, its signature unchecked."""
    body = receipt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
