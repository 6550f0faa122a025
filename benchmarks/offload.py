"""Compares running code for small devices with the legacy gateway: `python -m benchmarks.offload`. Asserts no time.

Ours: gateway, Redis, workers, everything in the sandbox. The legacy way: compile and run each time, bare. Devices hand
the same requests over by the same protocol to both, in turns. What both answer is compared first, and in every run.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import offload_sides
from benchmarks.children import told_by
from benchmarks.comparison import LEAST_RUNS, Comparison, Measured, ResultsDiffer, Spread, measure
from benchmarks.machine import described
from benchmarks.offload_load import BUILD, SOURCE, Device, request
from benchmarks.offload_sides import Side
from benchmarks.results import RESULTS, write_section
from job_workers.sandbox import Sandbox
from job_workers.sandbox_files import SandboxFile
from job_workers.sandbox_policy import Policy

TITLE = "Offload"
LOAD_SECONDS = 600.0
FIRST_SECONDS = 3.0
SANDBOX_RUNS = 50
_C = "#include <stdio.h>\nint main(int n, char **v) {{ {} return 0; }}\n"
PROBES = {
    "its arguments": request("first 'two words' \"third\"", source=_C.format("for (; --n;) puts(*++v);")),
    "a separator in the source": request("", source=_C.format('puts("a----b");')),
    "nothing": request("", source=_C.format("")),
    "another build line": request("", source=_C.format('printf("%d", ANSWER);'), build=f"{BUILD} -DANSWER=42 -O1"),
    "letters": request("", source=_C.format('puts("äöü ✓");')),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One row: what is asked, by how many devices, how many requests of each at once, how many of each in all."""

    name: str
    devices: int
    under_way: int
    requests: int
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side: requests a second, and the milliseconds of each."""

    rate: float
    millis: Sequence[float]
    digest: str


Rows = Mapping[Work, tuple[Sequence[Run], Sequence[Run]]]


def answers(side: Side, wanted: Mapping[str, str]) -> dict[str, str]:
    """Ask one after the other; the first may be asked several times, until somebody serves."""
    os.environ["MQTT_PASSWORD"] = side.password
    with Device(side.port, "device-1") as device:
        asked = 0
        for _ in range(20):
            device.ask(request("there"))
            asked += 1
            try:
                device.answer(within=FIRST_SECONDS)
                break
            except TimeoutError:
                continue
        for _ in range(asked - 1):  # those that came before anybody served may be answered now
            try:
                device.answer(within=FIRST_SECONDS)
            except TimeoutError:
                break
        found = {}
        for name, text in wanted.items():
            device.ask(text)
            found[name] = device.answer()[1]
        return found


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
    flags = {"port": side.port, "devices": work.devices, "under-way": work.under_way, "requests": work.requests}
    command = [sys.executable, "-m", "benchmarks.offload_load", *(f"--{name}={value}" for name, value in flags.items())]
    command += [f"--run={run}", *(["--fresh"] if work.fresh else [])]
    told = told_by(command, timeout=LOAD_SECONDS, environment={"MQTT_PASSWORD": side.password})
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
        run = f"{work.name.split()[0]}-{number}"
        other.append(load(theirs, work, run))
        own.append(load(ours, work, run))
        if own[-1].digest != other[-1].digest:
            raise ResultsDiffer(f"{work.name}: run {number} was answered with other words")
    return own, other


def sandbox_alone(runs: int) -> Measured:
    """Time one built program in the sandbox and bare.

    Raises:
        ResultsDiffer: it says something else there.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "work"
        path.with_suffix(".c").write_text(SOURCE, encoding="utf-8")
        subprocess.run(shlex.split(BUILD.replace("<name>", str(path))), check=True)
        sandbox, file = Sandbox.prepare(slot=0), SandboxFile("work", path.read_bytes(), executable=True)

        def inside() -> bytes:
            return sandbox.run(["/tmp/work/work", "word"], policy=Policy(), files=[file]).stdout  # noqa: S108

        def bare() -> bytes:
            return subprocess.run([path, "word"], stdout=subprocess.PIPE, check=True).stdout

        def same() -> str:
            if inside() != bare():
                raise ResultsDiffer(f"sandbox: inside {inside()!r}, bare {bare()!r}")
            return "the same output"

        many: Callable[[Callable[[], bytes]], object] = lambda one: [one() for _ in range(SANDBOX_RUNS)]  # noqa: E731
        alone = Comparison("a built program", "bare", partial(many, inside), partial(many, bare), same, "-")
        return measure(alone, runs=runs)


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


def _told(found: str, alone: Measured) -> str:
    inside, bare = (
        [seconds / SANDBOX_RUNS * 1e3 for seconds in (side.least, side.middle, side.most)]
        for side in (alone.ours, alone.theirs)
    )
    return (
        "\nThe sandbox alone, a built program by a direct call, ms (min/median/max): "
        f"{' / '.join(f'{ms:.2f}' for ms in inside)} inside, {' / '.join(f'{ms:.2f}' for ms in bare)} bare; "
        f"it costs **{inside[1] - bare[1]:.1f}** ms.\n"
        f"Results: {found}. Goals: the same source again within 25 ms (p50), 5 times as many requests a second.\n"
    )


def measured(runs: int, single: int, many: int) -> tuple[Rows, str]:
    """Return the runs of every row, and what is to be said below the table.

    Raises:
        ResultsDiffer: the two sides do not do the same work.
    """
    works = [
        Work("same source again", 1, 1, single),
        Work("new source each time", 1, 1, single, fresh=True),
        Work("crowd, same source again", 4, 4, many),
        Work("crowd, new source each time", 4, 4, many // 4, fresh=True),
    ]
    with offload_sides.ours() as own, offload_sides.legacy() as other:
        found = check(own, other)
        rows = {work: compare(own, other, work, runs) for work in works}
    return rows, _told(found, sandbox_alone(runs))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both sides in turns, print the table and keep it; return 1 when they do not do the same work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offload", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--single", type=int, default=40, help="requests of a run, one at a time")
    parser.add_argument("--many", type=int, default=50, help="requests of each of four devices in a run")
    chosen = parser.parse_args(arguments)
    if missing := offload_sides.missing():
        print(f"expected {', '.join(missing)} on the PATH, got none: see tests/install_system_packages.sh")
        return 1
    try:
        rows, told = measured(max(chosen.runs, LEAST_RUNS), chosen.single, chosen.many)
    except ResultsDiffer as fault:
        print(f"the two sides did not do the same work: {fault}")
        return 1
    text = f"{described(('rq', 'redis', 'paho-mqtt'))}\n\n{table(rows)}{told}"
    print(text)
    write_section(TITLE, text, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
