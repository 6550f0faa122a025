"""Compares receiving files with a Flask receiver under gunicorn: `python -m benchmarks.uploads`. Asserts no time.

All sides are one server process and get the same files from the same senders by the same protocol, in turns. `memory`
is a folder in RAM: what the receivers themselves cost. `disk` is a folder on the disk: ours and the careful Flask
receiver sync before they answer, the usual one syncs nothing. What is stored and what is refused is compared first.
"""

import argparse
import hashlib
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.children import Command, server, told_by, tree, tree_cpu_seconds
from benchmarks.comparison import LEAST_RUNS, ResultsDiffer
from benchmarks.machine import described
from benchmarks.results import write_section
from benchmarks.upload_probe import answers

TITLE = "Files of Pis"
MEGABYTE = 1024 * 1024
LOAD_SECONDS = 900.0
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - RAM on purpose
SENDERS = 16
SMALL_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Work:
    """One row: where files go to, senders, files of each, bytes of each."""

    where: str
    senders: int
    files: int
    bytes: int

    def __str__(self) -> str:
        """Return the row's name."""
        size = f"{self.bytes // MEGABYTE} MB" if self.bytes >= MEGABYTE else f"{self.bytes} bytes"
        return f"{self.senders * self.files} x {size}, {self.senders} at once, {self.where}"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one side: wall and processor seconds, both for each file."""

    seconds: float
    cpu: float


def ours(folder: Path) -> Command:
    """Return the command of our receiver."""
    program = [sys.executable, "-m", "pi_receiver", "--ids", str(folder / "ids.txt")]
    program += ["--received-files", str(folder / "received_files"), "--reserve-megabytes", "64"]
    return lambda port: [*program, "--port", str(port)]


def flask(folder: Path, factory: str = "create") -> Command:
    """Return the command of a Flask receiver: one process, threads; it keeps its channels in memory."""
    flags = ["-w", "1", "--threads", str(SENDERS), "--header-map", "dangerous", "--timeout", "600"]
    load = f"benchmarks.peers.flask_receiver:{factory}('{folder}')"
    return lambda port: [sys.executable, "-m", "gunicorn", *flags, "-b", f"127.0.0.1:{port}", load]


SIDES: Mapping[str, Callable[[Path], Command]] = {
    "ours": ours,
    "Flask": flask,
    "careful Flask": lambda folder: flask(folder, "create_careful"),
}


@contextmanager
def receiver(side: str, where: str) -> Iterator[tuple[int, int, Path]]:
    """Run a receiver on a new folder; yields its process id, its port and the folder."""
    with ExitStack() as stack:
        root = IN_MEMORY if where == "memory" and IN_MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=root, prefix="uploads-")))
        (folder / "received_files").mkdir()
        ids = "".join(f"{number:016x}\n" for number in range(1, SENDERS + 1))
        (folder / "ids.txt").write_text(ids, encoding="utf-8")
        pid, port = stack.enter_context(server(SIDES[side](folder)))
        yield pid, port, folder


def load(pid: int, port: int, work: Work, run: int) -> Run:
    """Send the files of a row once and return what each cost.

    Raises:
        ResultsDiffer: not every file was received.
    """
    os.sync()
    before = tree_cpu_seconds(pid)
    flags = {"port": port, "senders": work.senders, "files": work.files, "bytes": work.bytes, "run": run}
    command = [sys.executable, "-m", "benchmarks.upload_load", *(f"--{name}={value}" for name, value in flags.items())]
    told = told_by(command, timeout=LOAD_SECONDS)
    count = work.senders * work.files
    if told["received"] != count:
        raise ResultsDiffer(f"{work}: expected {count} files to be received, got {told['received']}")
    return Run(told["seconds"] / count, (tree_cpu_seconds(pid) - before) / count)


def clear(folder: Path) -> None:
    """Take away what was received."""
    for station in (folder / "received_files").glob("station*"):
        shutil.rmtree(station)


def peak_megabytes(pid: int) -> float:
    """Return the largest resident size of a server with its children, in MB."""
    status = [Path(f"/proc/{member}/status").read_text(encoding="utf-8") for member in tree(pid)]
    lines = (line for text in status for line in text.splitlines() if line.startswith("VmHWM:"))
    return sum(int(line.split()[1]) for line in lines) / 1024


@dataclass(frozen=True, slots=True)
class Side:
    """What one side needed for a row: its runs and the most memory, in MB."""

    runs: Sequence[Run]
    peak: float

    @property
    def seconds(self) -> float:
        """Median wall time of a file."""
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        """Median processor time of a file, in seconds."""
        return median(run.cpu for run in self.runs)


def compare(work: Work, runs: int) -> dict[str, Side]:
    """Return what each side needed."""
    with ExitStack() as stack:
        receivers = {side: stack.enter_context(receiver(side, work.where)) for side in SIDES}
        found: dict[str, list[Run]] = {side: [] for side in SIDES}
        for run in range(1, runs + 1):
            for side, (pid, port, folder) in receivers.items():
                found[side].append(load(pid, port, work, run))
                clear(folder)
        return {side: Side(found[side], peak_megabytes(receivers[side][0])) for side in SIDES}


def check() -> str:
    """Have all sides answer and store the same; return what was compared.

    Raises:
        ResultsDiffer: they do not.
    """
    content = random.Random(1).randbytes(3 * MEGABYTE)  # noqa: S311 - noise, no secret
    found = {}
    for side in SIDES:
        with receiver(side, "memory") as (_, port, folder):
            said = answers(port, content)
            stored = sorted((folder / "received_files").glob("station*/*"))
            digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in stored}
            found[side] = (said, digests)
    for side, other in found.items():
        if other != found["ours"]:
            raise ResultsDiffer(f"ours {found['ours']}, {side} {other}")
    return f"the same {len(found['ours'][0])} answers, {len(found['ours'][1])} files stored alike"


def huge(gigabytes: int) -> str:
    """Receive one file of so many GiB on the disk and tell the memory that took."""
    work = Work("disk", 1, 1, gigabytes * 1024 * MEGABYTE)
    with receiver("ours", "disk") as (pid, port, _):
        load(pid, port, Work("disk", 1, 1, 64 * MEGABYTE), 1)
        before = peak_megabytes(pid)
        run = load(pid, port, work, 2)
        return (
            f"One file of {gigabytes} GiB, on the disk: {run.seconds:.1f} s, {run.cpu:.1f} s CPU; peak {before:.0f} MB "
            f"after 64 MB, {peak_megabytes(pid):.0f} MB after {gigabytes} GiB."
        )


def table(rows: Mapping[Work, Mapping[str, Side]]) -> str:
    """Return the Markdown table."""
    others = [side for side in SIDES if side != "ours"]
    titles = ["files", "ours, ms a file (min/median/max)"]
    titles += [title for side in others for title in (f"{side}, ms", "times as fast", "times as cheap")]
    titles += ["CPU ms, " + "/".join(SIDES), "peak MB"]
    lines = ["| " + " | ".join(titles) + " |", "| --- " * len(titles) + "|"]
    for work, sides in rows.items():
        own = sides["ours"]
        cells = [str(work), _spread(own.runs)]
        for side in others:
            other = sides[side]
            cells += [_spread(other.runs), f"**{other.seconds / own.seconds:.2f}**", f"{other.cpu / own.cpu:.2f}"]
        cells.append(" / ".join(f"{side.cpu * 1e3:.2f}" for side in sides.values()))
        cells.append(" / ".join(f"{side.peak:.0f}" for side in sides.values()))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _spread(runs: Sequence[Run]) -> str:
    times = sorted(run.seconds * 1e3 for run in runs)
    return f"{times[0]:.2f} / {median(times):.2f} / {times[-1]:.2f}"


def main() -> int:
    """Measure all sides in turns, print the table and keep it; return 1 when they do not do the same work."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--small", type=int, default=10_000, help="small files of a run; a tenth of it on the disk")
    parser.add_argument("--huge-gigabytes", type=int, default=4, help="size of the one huge file; 0: none")
    chosen = parser.parse_args()
    large = 64 * MEGABYTE
    works = [
        *(
            Work(where, senders, files, large)
            for where in ("memory", "disk")
            for senders, files in ((1, 4), (SENDERS, 1))
        ),
        *(Work("memory", senders, chosen.small // senders, SMALL_BYTES) for senders in (1, SENDERS)),
        *(Work("disk", senders, chosen.small // 10 // senders, SMALL_BYTES) for senders in (1, SENDERS)),
    ]
    try:
        same = check()
        rows = {work: compare(work, max(chosen.runs, LEAST_RUNS)) for work in works}
        last = huge(chosen.huge_gigabytes) if chosen.huge_gigabytes else ""
    except ResultsDiffer as fault:
        sys.stdout.write(f"the sides did not do the same work: {fault}\n")
        return 1
    told = (
        f"Against Flask receivers under gunicorn: {same}. The usual one reads a file whole and syncs nothing, the "
        "careful one goes through it in pieces and syncs it, as ours does. Goal: 4 times as fast on large files, "
        "memory flat to 4 GB."
    )
    text = f"{described(('tornado', 'multipart', 'flask', 'gunicorn'))}\n\n{told}\n\n{table(rows)}\n{last}\n"
    sys.stdout.write(text)
    write_section(TITLE, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
