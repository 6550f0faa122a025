"""Finds how many boxes of 1,000 processors one core carries: `python -m benchmarks.crowd`."""

import argparse
import sys

from benchmarks.children import server, told_by
from benchmarks.fan_out import ours
from benchmarks.machine import described
from benchmarks.results import write_section

TITLE = "A crowd of processors"
CLIENTS = 1


def measure(cameras: int, hertz: float) -> dict[str, float]:
    """Return the memory of a connection in KiB, the server's share of a core, and the boxes' ages in ms."""
    with server(ours) as (pid, port):
        asked = [sys.executable, "-m", "benchmarks.fan_out_load", f"ws://127.0.0.1:{port}", f"--pid={pid}"]
        load = [f"--cameras={cameras}", f"--clients={CLIENTS}", f"--hertz={hertz}"]
        told = told_by([*asked, *load], timeout=180)
    ages = told["ages"]
    return {
        "memory": (told["rss_connected"] - told["rss_alone"]) / cameras,
        "share": told["cpu"] / told["seconds"],
        "asked": cameras * hertz,
        "carried": told["sent"] / told["seconds"],
        "p50": ages[len(ages) // 2] * 1e3,
        "p99": ages[int(len(ages) * 0.99)] * 1e3,
    }


def row(hertz: float, told: dict[str, float]) -> str:
    """Return one line of the table."""
    often = f"{hertz:g} Hz" if hertz else "at full speed"
    rates = f"{told['asked']:.0f} | {told['carried']:.0f}" if hertz else f"- | {told['carried']:.0f}"
    ages = f"{told['p50']:.1f} | {told['p99']:.1f}"
    return f"| {often} | {rates} | {told['share']:.0%} | {ages} | {told['memory']:.0f} |"


def main() -> int:
    """Print the curve and keep it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--cameras", type=int, default=1_000)
    parser.add_argument("--hertz", type=float, nargs="*", default=[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 0.0])
    chosen = parser.parse_args()
    lines = [
        f"{chosen.cameras} processors, {CLIENTS} client, 5 boxes a message; one orchestrator on one core.",
        "",
        "| each sends | messages/s asked | carried | of a core | p50 ms | p99 ms | KiB a connection |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for hertz in chosen.hertz:
        lines.append(row(hertz, measure(chosen.cameras, hertz)))
        print(lines[-1], flush=True)
    text = f"{described(('tornado', 'msgspec'))}\n\n" + "\n".join(lines) + "\n"
    print(text)
    write_section(TITLE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
