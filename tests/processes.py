"""Starts the real roles as child processes and waits on their own words, never on seconds."""

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 40.0
"""Seconds that something may take to become so; as good as for ever, also on a machine that is slow for moments."""

ANSWER_SECONDS = 30.0
"""Seconds that a role may take for an answer."""

PORTS = range(20_000, 30_000)
_kept_ports: list[socket.socket] = []


class Role:
    """A running role: its address, what it logged, and ways to end it."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.logs: list[dict[str, object]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                self.logs.append(json.loads(line))
            except ValueError:
                self.logs.append({"event": "text", "text": line.decode(errors="replace").rstrip()})

    def wait_for_event(self, name: str) -> dict[str, object]:
        wait_until(lambda: self.events(name) or self.process.poll() is not None, f"{name}; logged: {self.logs[-5:]}")
        assert self.events(name), f"ended with {self.process.poll()} before {name}: {self.logs[-5:]}"
        return self.events(name)[-1]

    def events(self, name: str) -> list[dict[str, object]]:
        return [event for event in self.logs if event.get("event") == name]

    @property
    def port(self) -> int:
        return int(str(self.wait_for_event("listening")["port"]))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that carry the labels."""
        total, found = 0.0, False
        for line in requests.get(f"{self.url}/metrics", timeout=ANSWER_SECONDS).text.splitlines():
            sample, _, value = line.rpartition(" ")
            wanted = all(f'{key}="{label}"' in sample for key, label in labels.items())
            if sample.split("{")[0] == name and wanted:
                total, found = total + float(value), True
        assert found or labels, f"no metric {name}"
        return total

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)

    def terminate(self) -> int:
        """End it as an engine would and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._reader.join(timeout=PATIENCE)
        return code


@contextmanager
def role(module: str, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[Role]:
    """Run a role for the length of a `with` block."""
    running = Role(module, *arguments, environment=environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.terminate()


def wait_until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience} s in vain for: {what}"
        time.sleep(0.02)


async def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience} s in vain for: {what}"
        await asyncio.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody else is given while this process runs, for a role that is told its port.

    The kernel hands out none of these for port 0 or as a connection's own end, so that nothing takes one that waits.
    """
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        kept = socket.socket(socket.AF_UNIX)
        try:
            kept.bind(f"\0searchlight-tests-port-{port}")  # the name is this process's until it ends
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            kept.close()
            continue
        _kept_ports.append(kept)
        return port
    raise AssertionError(f"expected a free port from {PORTS.start} to {PORTS.stop}, got none")
