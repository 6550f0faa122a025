"""Compares what a delivery of boxes costs the server: `python -m benchmarks.fan_out`. Asserts nothing about time."""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.comparison import LEAST_RUNS, ResultsDiffer
from benchmarks.machine import described
from benchmarks.results import write_section

TITLE = "Fan-out of boxes"
START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side: server CPU microseconds a delivery, and the age of boxes at the client, milliseconds."""

    cpu_us: float
    p50_ms: float
    p99_ms: float


@contextmanager
def server(command: Callable[[int], list[str]]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a server on a free port for the length of a block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield process, port
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.5)
            return
    raise TimeoutError(f"expected a server on port {port} within {START_SECONDS:g} s")


def ours(port: int) -> list[str]:
    """Return the command of the orchestrator."""
    return [sys.executable, "-m", "processor_orchestrator", "--port", str(port)]


def theirs(port: int) -> list[str]:
    """Return the command of the peer."""
    log = str(Path(tempfile.gettempdir()) / f"peer-{port}.log")
    return [sys.executable, "-m", "benchmarks.peers.per_client_orchestrator", "--port", str(port), "--log", log]


def measure(command: Callable[[int], list[str]], load: list[str], *, clients: int) -> Run:
    """Put the load on a server and return what it cost.

    Raises:
        ResultsDiffer: a message did not reach every client.
    """
    with server(command) as (process, port):
        began = _cpu_seconds(process.pid)
        taken = [sys.executable, "-m", "benchmarks.fan_out_load", f"ws://127.0.0.1:{port}", *load]
        result = json.loads(subprocess.check_output(taken, timeout=120))
        spent = _cpu_seconds(process.pid) - began
    if result["taken"] != result["sent"] * clients:
        raise ResultsDiffer(f"expected {result['sent'] * clients} deliveries, got {result['taken']}")
    ages = result["latencies"]
    return Run(spent / result["taken"] * 1e6, ages[len(ages) // 2] * 1e3, ages[int(len(ages) * 0.99)] * 1e3)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure both sides in turns, print the table and keep it; return 1 when they did not do the same work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fan_out", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--hertz", type=float, default=10.0)
    chosen = parser.parse_args()
    load = [f"--cameras={chosen.cameras}", f"--clients={chosen.clients}", f"--hertz={chosen.hertz}"]
    sides: dict[str, list[Run]] = {"ours": [], "theirs": []}
    try:
        for _ in range(max(chosen.runs, LEAST_RUNS)):
            sides["theirs"].append(measure(theirs, load, clients=chosen.clients))
            sides["ours"].append(measure(ours, load, clients=chosen.clients))
    except ResultsDiffer as fault:
        print(f"the two sides did not do the same work: {fault}")
        return 1
    text = f"{described(('tornado', 'msgspec'))}\n\n{_table(sides, chosen)}"
    print(text)
    write_section(TITLE, text)
    return 0


def _table(sides: dict[str, list[Run]], chosen: argparse.Namespace) -> str:
    ratios = sorted(their.cpu_us / our.cpu_us for our, their in zip(sides["ours"], sides["theirs"], strict=True))
    lines = [
        f"{chosen.cameras} cameras at {chosen.hertz:g} Hz, {chosen.clients} clients, 5 boxes a message.",
        "Server CPU for everything, connecting included.",
        "",
        "| side | CPU us a delivery (min/median/max) | age p50 ms | age p99 ms |",
        "| --- | --- | --- | --- |",
    ]
    for name, runs in sides.items():
        cpu = sorted(run.cpu_us for run in runs)
        ages = f"{median(run.p50_ms for run in runs):.1f} | {median(run.p99_ms for run in runs):.1f}"
        lines.append(f"| {name} | {cpu[0]:.1f} / {median(cpu):.1f} / {cpu[-1]:.1f} | {ages} |")
    lines.append("")
    lines.append(f"Times as cheap: {ratios[0]:.1f} / **{median(ratios):.1f}** / {ratios[-1]:.1f}; goal 12.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
