"""Compares running code for small devices with the legacy gateway: `python -m benchmarks.offload`. Asserts no time.

Ours: gateway, Redis, workers, everything in the sandbox. The legacy way: compile and run each time, bare. Devices hand
the same requests over by the same protocol to both, in turns. What both answer is compared first, and in every run.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

from benchmarks import offload_sides
from benchmarks.children import told_by
from benchmarks.comparison import LEAST_RUNS, ResultsDiffer, Spread
from benchmarks.machine import described
from benchmarks.offload_load import Device
from benchmarks.offload_parts import parts
from benchmarks.offload_programs import PROGRAMS, Program, request
from benchmarks.offload_sides import Side
from benchmarks.results import RESULTS, write_section

TITLE = "Offload"
LOAD_SECONDS = 600.0
FIRST_TRIES, FIRST_SECONDS = 20, 3.0
_C = "#include <stdio.h>\nint main(int n, char **v) {{ {} return 0; }}\n"


def _probe(line: str, arguments: str = "", more: str = "") -> str:
    return request(arguments, Program(_C.format(line), f"gcc <name>.c -o <name>{more}"))


PROBES = {
    "its arguments": _probe("for (; --n;) puts(*++v);", arguments="first 'two words' \"third\""),
    "a separator in the source": _probe('puts("a----b");'),
    "nothing": _probe(""),
    "another build line": _probe('printf("%d", ANSWER);', more=" -DANSWER=42 -O1"),
    "letters": _probe('puts("äöü ✓");'),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One row: what is asked, by how many devices, how many requests of each at once, how many of each in all."""

    name: str
    devices: int
    under_way: int
    requests: int
    program: str = "small"
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side: requests a second, and the milliseconds of each."""

    rate: float
    millis: Sequence[float]
    digest: str


Rows = Mapping[Work, tuple[Sequence[Run], Sequence[Run]]]


def answers(side: Side, wanted: Mapping[str, str]) -> dict[str, str]:
    """Ask one after the other, once somebody serves.

    Raises:
        TimeoutError: nobody does.
    """
    found = {}
    with Device(side.port, "device-1", side.password) as device:
        wait_until_served(device)
        for name, text in wanted.items():
            device.ask(text)
            found[name] = device.answer()[1]
    return found


def wait_until_served(device: Device) -> None:
    """Ask until an answer comes, and hear what else was asked meanwhile: a legacy gateway misses what came too early.

    Raises:
        TimeoutError: none came.
    """
    for asked in range(FIRST_TRIES):
        device.ask(request("there", PROGRAMS["small"]))
        with suppress(TimeoutError):
            device.answer(within=FIRST_SECONDS)
            with suppress(TimeoutError):
                for _ in range(asked):
                    device.answer(within=FIRST_SECONDS)
            return
    raise TimeoutError(f"expected an answer within {FIRST_TRIES * FIRST_SECONDS:g} s, got none")


def check(ours: Side, theirs: Side) -> str:
    """Have both sides answer the same requests; return what was compared.

    Raises:
        ResultsDiffer: they answer otherwise.
    """
    own, other = (answers(side, PROBES) for side in (ours, theirs))
    for name in PROBES:
        if own[name] != other[name]:
            raise ResultsDiffer(f"{name}: ours {own[name]!r}, theirs {other[name]!r}")
    return f"the same output of {len(PROBES)} odd programs and of every request below"


def load(side: Side, work: Work, run: str) -> Run:
    """Have a row's requests answered once.

    Raises:
        ResultsDiffer: some were not, or with other words.
    """
    flags: dict[str, object] = {
        "port": side.port,
        "password-file": side.password_file,
        "devices": work.devices,
        "under-way": work.under_way,
        "requests": work.requests,
    }
    command = [sys.executable, "-m", "benchmarks.offload_load", *(f"--{name}={value}" for name, value in flags.items())]
    command += [f"--run={run}", f"--program={work.program}", *(["--fresh"] if work.fresh else [])]
    told = told_by(command, timeout=LOAD_SECONDS)
    if told["failed"]:
        raise ResultsDiffer(f"{work.name}: {told['failed'][0]}")
    return Run(len(told["seconds"]) / told["whole"], [second * 1e3 for second in told["seconds"]], told["digest"])


def compare(ours: Side, theirs: Side, work: Work, runs: int) -> tuple[list[Run], list[Run]]:
    """Return the runs of both sides, taken in turns.

    Raises:
        ResultsDiffer: in one of them the answers were not the same.
    """
    own, other = list[Run](), list[Run]()
    for number in range(runs):
        run = f"{work.name.replace(' ', '')}-{work.under_way}-{number}"
        other.append(load(theirs, work, run))
        own.append(load(ours, work, run))
        if own[-1].digest != other[-1].digest:
            raise ResultsDiffer(f"{work.name}: run {number} was answered with other words")
    return own, other


def table(rows: Rows) -> str:
    """Return the Markdown table; the times of a row's requests are those of all runs together."""
    lines = [
        "| requests | ours, ms (p50 / p99) | legacy, ms | ours, a second (min/median/max) | legacy | times as many |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for work, (own, other) in rows.items():
        ratio = Spread.of([us.rate / them.rate for us, them in zip(own, other, strict=True)])
        cells = [
            f"{work.name}, {work.devices * work.under_way} at once",
            *(_times(side) for side in (own, other)),
            *(_rates(side) for side in (own, other)),
            f"{ratio.least:.2f} / **{ratio.middle:.2f}** / {ratio.most:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of all is not above."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _times(runs: Sequence[Run]) -> str:
    millis = [one for run in runs for one in run.millis]
    return f"**{percentile(millis, 0.5):.1f}** / {percentile(millis, 0.99):.1f}"


def _rates(runs: Sequence[Run]) -> str:
    rates = sorted(run.rate for run in runs)
    return f"{rates[0]:.1f} / {median(rates):.1f} / {rates[-1]:.1f}"


def measured(runs: int, single: int, many: int) -> str:
    """Return the table, and what is to be said below it.

    Raises:
        ResultsDiffer: the two sides do not do the same work.
        TimeoutError: one of them does not answer.
    """
    works = [
        Work("small, same source again", 1, 1, single),
        Work("small, new source each time", 1, 1, single, fresh=True),
        Work("small, same source again", 4, 4, many),
        Work("small, new source each time", 4, 4, many // 4, fresh=True),
        Work("large, same source again", 4, 4, many // 2, program="large"),
    ]
    with offload_sides.ours() as own, offload_sides.legacy() as other:
        found = check(own, other)
        rows = {work: compare(own, other, work, runs) for work in works}
    return (
        f"{table(rows)}\nResults: {found}. Goals: the same source again within 25 ms (p50), 5 times as many requests.\n"
        f"Parts, min/median/max:\n\n{parts(runs)}\n"
    )


def caution(load: float, cores: int) -> str:
    """Return a sentence where the machine was busy before this began, else nothing."""
    if load <= cores:
        return ""
    return (
        f"**The machine was busy with other work before this began (load {load:.1f}, {cores} cores): all times are too "
        "long, and the ratios are of such a machine. Run it again on a quiet one.**\n\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both sides in turns, print the table and keep it; return 1 when they do not do the same work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offload", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--single", type=int, default=30, help="requests of a run, one at a time")
    parser.add_argument("--many", type=int, default=40, help="requests of each of four devices in a run")
    chosen = parser.parse_args(arguments)
    if missing := offload_sides.missing():
        print(f"expected {', '.join(missing)} on the PATH, got none: see tests/install_system_packages.sh")
        return 1
    busy = caution(os.getloadavg()[0], len(os.sched_getaffinity(0)))
    try:
        text = measured(max(chosen.runs, LEAST_RUNS), chosen.single, chosen.many)
    except (ResultsDiffer, TimeoutError) as fault:
        print(f"the two sides did not do the same work: {fault}")
        return 1
    text = f"{described(('rq', 'redis', 'paho-mqtt'))}\n\n{busy}{text}"
    print(text)
    write_section(TITLE, text, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
