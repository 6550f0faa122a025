"""The two ways from a request to its result, each a broker of its own with what answers behind it. Asks nothing.

Both brokers are Mosquitto with the stack's configuration, users and passwords included.
"""

import json
import os
import secrets
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from backbone.mosquitto_passwords import password_line
from benchmarks.children import running, server

GATEWAY = "searchlight-gateway"
DEVICES = 8
START_SECONDS = 60.0
_BROKER = Path(__file__).parents[1] / "stack" / "mosquitto" / "start.sh"


@dataclass(frozen=True, slots=True)
class Side:
    """Where devices come in, and the file with their password."""

    port: int
    password_file: Path

    @property
    def password(self) -> str:
        """Every user's password."""
        return self.password_file.read_text("ascii")


def missing() -> list[str]:
    """Return which of the programs that both sides need are not on this machine."""
    programs = ("mosquitto", "redis-server", "gcc", "bwrap")
    return [name for name in programs if not shutil.which(name) and not shutil.which(name, path="/usr/sbin")]


@contextmanager
def legacy() -> Iterator[Side]:
    """Run the legacy gateway."""
    with _broker() as side:
        command = [sys.executable, "-m", "benchmarks.peers.legacy_gateway", f"--port={side.port}", f"--user={GATEWAY}"]
        with running([*command, f"--password-file={side.password_file}"]):
            yield side


@contextmanager
def ours() -> Iterator[Side]:
    """Run our gateway, Redis and as many workers as cores, with their defaults."""
    cores = len(os.sched_getaffinity(0))
    with _broker() as side, ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "programs").mkdir()
        _, redis = stack.enter_context(server(lambda port: _redis(port, folder)))
        address = ["--redis-url", f"redis://127.0.0.1:{redis}"]
        gateway = [sys.executable, "-m", "mqtt_gateway", *address, "--broker-url", f"mqtt://127.0.0.1:{side.port}"]
        workers = [sys.executable, "-m", "job_workers", *address, "--queues", "offload", "--processes", str(cores)]
        workers += ["--cache-folder", str(folder / "cache"), "--programs-folder", str(folder / "programs")]
        _, ready = stack.enter_context(server(lambda port: [*workers, "--port", str(port)]))
        secret = ["env", f"BROKER_PASSWORD={side.password}"]
        stack.enter_context(server(lambda port: [*secret, *gateway, "--port", str(port)]))
        _wait_for_workers(ready, cores)
        yield side


@contextmanager
def _broker() -> Iterator[Side]:
    with tempfile.TemporaryDirectory() as name:
        folder, password = Path(name), secrets.token_urlsafe(16)
        for part in ("data", "work"):
            (folder / part).mkdir()
        users = [GATEWAY, *(f"device-{number}" for number in range(1, DEVICES + 1))]
        lines = [password_line(user, password) for user in users]
        (folder / "passwords").write_text("".join(lines), encoding="ascii")
        (folder / "password").write_text(password, encoding="ascii")
        places = {"DATA_DIR": "data", "WORK_DIR": "work", "PASSWORDS": "passwords"}
        told = ["env", "BIND=127.0.0.1", *(f"{key}={folder / place}" for key, place in places.items())]
        with server(lambda port: [*told, f"PORT={port}", "sh", str(_BROKER)]) as (_, port):
            yield Side(port, folder / "password")


def _redis(port: int, folder: Path) -> list[str]:
    """Return the command of a Redis that keeps every write, as the stack's does."""
    kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"]
    return ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), *kept]


def _wait_for_workers(port: int, count: int) -> None:
    deadline, told = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                told = json.load(answer)["dependencies"]["workers"]["detail"]
        except OSError as fault:  # not ready
            told = str(fault)
        if told.startswith(f"{count} of "):
            return
        time.sleep(0.1)
    raise TimeoutError(f"expected {count} workers within {START_SECONDS:g} s, got: {told}")
