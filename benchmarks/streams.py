"""Compares MJPEG to many viewers with `motion`: `python -m benchmarks.streams`. Asserts nothing about time.

Both read the same camera: MJPEG over HTTP, 1280x720, 25 a second; both compress anew at the same quality, both with
their detection off. `motion` is Debian's: `apt-get install --no-install-recommends motion`.
"""

import argparse
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.children import Command, server, told_by
from benchmarks.comparison import LEAST_RUNS, ResultsDiffer
from benchmarks.machine import described
from benchmarks.numbered_clip import FPS, HEIGHT, QUALITY, WIDTH
from benchmarks.results import write_section

TITLE = "Streams to viewers"
LOAD_SECONDS = 60.0
START_SECONDS = 30.0
PICTURE_SECONDS = 2.0
WATCHES = ((1, 0), (10, 0), (40, 0), (100, 0), (4, 1))
"""Viewers that watch, and viewers that stall."""
LEAST_FPS = 0.5
"""A server that shows less than this share of the pictures does other work."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: share of a core that the server used, pictures a second of the slowest viewer, ages of pictures."""

    core: float
    slowest: float
    p50_ms: float
    p95_ms: float


Runs = Mapping[tuple[int, int], Sequence[Run]]


def source(port: int) -> list[str]:
    """Return the command of the camera."""
    return [sys.executable, "-m", "benchmarks.stream_source", "--port", str(port)]


def ours(camera: int) -> Command:
    """Return the command of the camera processor."""
    program = [sys.executable, "-m", "benchmarks.stream_processor", "--source", f"http://127.0.0.1:{camera}/video.mjpg"]
    return lambda port: [*program, "--port", str(port)]


def theirs(camera: int, folder: Path) -> Command:
    """Return the command of `motion`."""

    def command(port: int) -> list[str]:
        path = folder / f"motion-{port}.conf"
        path.write_text(motion_settings(camera, port, folder), encoding="utf-8")
        return ["motion", "-n", "-c", str(path)]

    return command


def motion_settings(camera: int, port: int, folder: Path) -> str:
    """Return what `motion` is told: nothing but to show the camera."""
    settings = {
        "daemon": "off",
        "log_level": 4,
        "target_dir": folder,
        "netcam_url": f"http://127.0.0.1:{camera}/video.mjpg",
        "width": WIDTH,
        "height": HEIGHT,
        "framerate": FPS,
        "pause": "on",
        "emulate_motion": "off",
        "picture_output": "off",
        "movie_output": "off",
        "webcontrol_port": 0,
        "stream_port": port,
        "stream_localhost": "on",
        "stream_quality": QUALITY,
        "stream_maxrate": FPS,
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def measure(command: Command, path: str, *, seconds: float) -> dict[tuple[int, int], Run]:
    """Let ever more viewers watch one server and return what each number cost.

    Raises:
        ResultsDiffer: a viewer was cut off, or hardly saw a picture.
    """
    runs = {}
    with server(command) as (pid, port):
        wait_for_picture(port, path)
        for viewers, stalled in WATCHES:
            load = {"port": port, "pid": pid, "path": path, "viewers": viewers, "stalled": stalled, "seconds": seconds}
            flags = [f"--{name}={value}" for name, value in load.items()]
            told = told_by([sys.executable, "-m", "benchmarks.stream_load", *flags], timeout=LOAD_SECONDS)
            if told["lost"] or told["slowest"] < FPS * LEAST_FPS:
                raise ResultsDiffer(f"{path}, {viewers} viewers: the slowest saw {told['slowest']:.1f} pictures/s")
            runs[viewers, stalled] = Run(told["core"], told["slowest"], told["p50"] * 1e3, told["p95"] * 1e3)
    return runs


def wait_for_picture(port: int, path: str) -> None:
    """Ask until a picture comes; `motion` never serves a viewer that came before its camera was open.

    Raises:
        ResultsDiffer: none came.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port), timeout=PICTURE_SECONDS) as viewer:
            viewer.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            with suppress(TimeoutError):
                while data := viewer.recv(65536):
                    if b"\xff\xd8\xff" in data:
                        return
        time.sleep(0.1)
    raise ResultsDiffer(f"expected a picture within {START_SECONDS:g} s, got none")


def main() -> int:
    """Measure both sides in turns, print the table and keep it; return 1 when that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=__doc__)
    parser.add_argument("--runs", type=int, default=LEAST_RUNS, help=f"runs of each side, at least {LEAST_RUNS}")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a measurement")
    chosen = parser.parse_args()
    if shutil.which("motion") is None:
        print("expected `motion` on the PATH, got none: apt-get install --no-install-recommends motion")
        return 1
    sides: tuple[dict[tuple[int, int], list[Run]], ...] = ({}, {})
    try:
        with server(source) as (_, camera), tempfile.TemporaryDirectory() as folder:
            commands = ((ours(camera), f"/stream?fps={FPS}"), (theirs(camera, Path(folder)), "/"))
            for _ in range(max(chosen.runs, LEAST_RUNS)):
                for side, (command, path) in zip(sides, commands, strict=True):
                    for watch, run in measure(command, path, seconds=chosen.seconds).items():
                        side.setdefault(watch, []).append(run)
    except ResultsDiffer as fault:
        print(f"the two sides did not do the same work: {fault}")
        return 1
    text = f"{described(('tornado', 'opencv-python-headless'))}\n\n{table(*sides)}"
    print(text)
    write_section(TITLE, text)
    return 0


def table(our: Runs, their: Runs) -> str:
    """Return the Markdown table: for each number of viewers our runs and motion's."""
    lines = [
        f"One camera, {WIDTH}x{HEIGHT}, {FPS} pictures a second, quality {QUALITY}, against `motion`; detection off on",
        "both sides. CPU of the server with its children, share of one core. Goals: at or below motion at 40 and 100",
        "viewers; a stalled viewer costs the others nothing.",
        "",
        "| viewers | ours % (min/median/max) | motion % | motion / ours | slowest, pictures/s | age p50 ms | p95 ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (viewers, stalled), own in our.items():
        other = their[viewers, stalled]
        ratio = median(run.core for run in other) / median(run.core for run in own)
        cells = [
            f"{viewers + stalled}, one of them stalled" if stalled else f"{viewers}",
            _shares(own),
            _shares(other),
            f"**{ratio:.2f}**",
            *(
                f"{median(getattr(run, name) for run in own):.1f} / {median(getattr(run, name) for run in other):.1f}"
                for name in ("slowest", "p50_ms", "p95_ms")
            ),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _shares(runs: Sequence[Run]) -> str:
    shares = sorted(run.core * 100 for run in runs)
    return f"{shares[0]:.1f} / {median(shares):.1f} / {shares[-1]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
