"""Compares what a delivery of boxes costs the server: `python -m benchmarks.fan_out`. Asserts nothing about time."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.children import server, told_by
from benchmarks.comparison import LEAST_RUNS, ResultsDiffer
from benchmarks.machine import described
from benchmarks.results import write_section

TITLE = "Fan-out of boxes"
LOAD_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side: server CPU a delivery, deliveries a second, and the age of boxes at the client."""

    cpu_us: float
    rate: float
    p50_ms: float
    p99_ms: float


def ours(port: int) -> list[str]:
    """Return the command of the orchestrator."""
    return [sys.executable, "-m", "processor_orchestrator", "--port", str(port)]


def theirs(port: int) -> list[str]:
    """Return the command of the peer."""
    log = str(Path(tempfile.gettempdir()) / f"peer-{port}.log")
    return [sys.executable, "-m", "benchmarks.peers.per_client_orchestrator", "--port", str(port), "--log", log]


def measure(command: Callable[[int], list[str]], load: list[str]) -> Run:
    """Put the load on a server and return what it cost.

    Raises:
        ResultsDiffer: a message did not reach every client.
    """
    with server(command) as (pid, port):
        asked = [sys.executable, "-m", "benchmarks.fan_out_load", f"ws://127.0.0.1:{port}", f"--pid={pid}"]
        result = told_by([*asked, *load], timeout=LOAD_SECONDS)
    taken, sent = result["bytes"], int(result["sent"])
    # Messages of one length: a lost one shows as clients that differ, or as a part of a message.
    if len(set(taken)) != 1 or taken[0] % sent:
        raise ResultsDiffer(f"expected {sent} messages at each client, got {taken} bytes")
    deliveries, ages = sent * len(taken), result["ages"]
    return Run(
        cpu_us=result["cpu"] / deliveries * 1e6,
        rate=deliveries / result["seconds"],
        p50_ms=ages[len(ages) // 2] * 1e3,
        p99_ms=ages[int(len(ages) * 0.99)] * 1e3,
    )


def main() -> int:
    """Measure both sides in turns, print the table and keep it; return 1 when they did not do the same work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fan_out", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--cameras", type=int, default=10)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--hertz", type=float, nargs="*", default=[10.0, 100.0, 0.0], help="0: as fast as it takes")
    chosen = parser.parse_args()
    lines = [
        f"{chosen.cameras} cameras not in step, {chosen.clients} clients, 5 boxes a message. CPU of the server process",
        "from the first message to the last, connecting excluded; at full speed each camera sends when the slowest",
        "client has what was sent before. Little load costs more a message: each wakes the process by itself.",
        "",
        "| a camera sends | side | CPU us a delivery (min/median/max) | deliveries/s | p50 ms | p99 ms | cheaper |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    try:
        for hertz in chosen.hertz:
            load = [f"--cameras={chosen.cameras}", f"--clients={chosen.clients}", f"--hertz={hertz}"]
            lines += rows(hertz, *runs_of_both(load, max(chosen.runs, LEAST_RUNS)))
    except ResultsDiffer as fault:
        print(f"the two sides did not do the same work: {fault}")
        return 1
    lines += ["", "Goal at full speed: at most 4 us a delivery, 12 times cheaper, p99 15 ms."]
    text = f"{described(('tornado', 'msgspec'))}\n\n" + "\n".join(lines) + "\n"
    print(text)
    write_section(TITLE, text)
    return 0


def runs_of_both(load: list[str], count: int) -> tuple[list[Run], list[Run]]:
    """Return the runs of ours and of theirs, taken in turns."""
    our, their = [], []
    for _ in range(count):
        their.append(measure(theirs, load))
        our.append(measure(ours, load))
    return our, their


def rows(hertz: float, our: list[Run], their: list[Run]) -> list[str]:
    """Return the two rows of one rate."""
    ratios = sorted(them.cpu_us / us.cpu_us for us, them in zip(our, their, strict=True))
    cheaper = f"{ratios[0]:.1f} / **{median(ratios):.1f}** / {ratios[-1]:.1f}"
    return [_row(hertz, "ours", our, cheaper), _row(hertz, "theirs", their, "")]


def _row(hertz: float, side: str, runs: list[Run], cheaper: str) -> str:
    cpu = sorted(run.cpu_us for run in runs)
    often = f"{hertz:g} Hz" if hertz else "at full speed"
    ages = f"{median(run.p50_ms for run in runs):.1f} | {median(run.p99_ms for run in runs):.1f}"
    cost = f"{cpu[0]:.1f} / {median(cpu):.1f} / {cpu[-1]:.1f}"
    return f"| {often} | {side} | {cost} | {median(run.rate for run in runs):.0f} | {ages} | {cheaper} |"


if __name__ == "__main__":
    sys.exit(main())
