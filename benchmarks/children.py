"""Servers and loads as processes of their own, and the processor time they use. It knows no server and no load."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 20.0
STOP_SECONDS = 15.0
Command = Callable[[int], list[str]]
"""The command line of a server on a port."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of a block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def server(command: Command) -> Iterator[tuple[int, int]]:
    """Run a server on a free port for the length of a block; yields its process id and the port."""
    port = free_port()
    with running(command(port)) as process:
        _wait_for(port, process)
        yield process.pid, port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.5)  # the orchestrator takes peers once its store has answered
            return
    raise TimeoutError(f"expected a server on port {port} within {START_SECONDS:g} s, got code {process.poll()}")


def told_by(command: Sequence[str], *, timeout: float) -> Any:  # noqa: ANN401 - any JSON value may be told
    """Run a command to its end and return the JSON that it printed."""
    return json.loads(subprocess.check_output(command, timeout=timeout))


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process with all its threads (clock_getcpuclockid(3); nanoseconds, no ticks)."""
    return time.clock_gettime((~pid << 3) | 2)


def tree_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of all that descend from it and live."""
    return sum(cpu_seconds(member) for member in tree(pid))


def tree(pid: int) -> list[int]:
    """Return the process and all that descend from it."""
    members = [pid]
    for member in members:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            members.extend(int(child) for child in children.read_text(encoding="ascii").split())
    return members


def resident_bytes(pid: int) -> int:
    """Return the memory that a process has in RAM."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
