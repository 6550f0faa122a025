"""`searchlight up`, as a newcomer runs it: one command, the right person on both cameras, and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from drill.footage import Footage
from tests.processes import ANSWER_SECONDS, free_port, wait_until

BROKER = re.compile(r"broker\s+.* at (mqtt://\S+); user (\S+), password in (\S+)")
SUM = '#include <stdio.h>\n#include <stdlib.h>\nint main(int n, char **v) { printf("%d", atoi(v[1]) + atoi(v[2])); }'
SIGHTING = re.compile(r"(camera-\d)\s+sighting of .*ground truth: (.*)")


class Run:
    """A `searchlight up` with what it printed."""

    def __init__(self, data_dir: Path) -> None:
        self.lines: list[str] = []
        self.port = free_port()
        command = [sys.executable, "-m", "searchlight", "up", "--data-dir", str(data_dir), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def sightings(self) -> list[tuple[str, str]]:
        return [found.groups() for line in list(self.lines) if (found := SIGHTING.search(line)) is not None]

    def wait_for_sighting_on(self, camera: str) -> None:
        wait_until(
            lambda: any(where == camera for where, _ in self.sightings()), f"{camera}: {self.lines}", patience=90
        )

    def descendants(self) -> set[int]:
        """Return every living process that this run started, and theirs."""
        parents = {pid: parent for pid, parent in map(_parent_of, _processes()) if parent is not None}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent_of(pid: int) -> tuple[int, int | None]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return pid, None
    return pid, None if fields[0] == "Z" else int(fields[1])


def _alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if _parent_of(pid)[1] is not None}


@pytest.fixture
def run(footage: Footage, tmp_path: Path) -> Iterator[Run]:
    """A run on the footage that exists, with a Redis and logs of its own."""
    for made in ("footage", "case", "pictures"):
        (tmp_path / made).symlink_to(footage.case_photo.resolve().parent.parent / made)
    running = Run(tmp_path)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait(timeout=40)


def test_the_person_is_found_on_camera_1_and_later_on_camera_2_and_ctrl_c_leaves_nothing(run: Run) -> None:
    run.wait_for_sighting_on("camera-1")
    run.wait_for_sighting_on("camera-2")
    found = run.sightings()
    assert found[0][0] == "camera-1"
    assert {truth.strip() for _, truth in found} == {"right"}, found
    assert any(f"http://127.0.0.1:{run.port}" in line for line in run.lines), "the page's address is printed"
    started = run.descendants()
    assert len(started) >= 6, "redis, orchestrator, and two cameras with a capture each"
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=40) == 0
    took = time.monotonic() - began
    assert took <= 5, f"expected the end within 5 s, it took {took:.1f}"
    wait_until(lambda: not _alive(started), f"no process left: {_alive(started)}", patience=10)


def test_a_device_has_a_program_run_with_what_is_printed(run: Run, tmp_path: Path) -> None:
    wait_until(lambda: any("takes work of devices" in line for line in run.lines), "the gateway", patience=90)
    url, user, password = next(found.groups() for line in run.lines if (found := BROKER.search(line)) is not None)
    (tmp_path / "sum.c").write_text(SUM, encoding="utf-8")
    command = [sys.executable, "-m", "edge_devices.offload", url, "--user", user, "--password-file", password]
    command += ["--code", str(tmp_path / "sum.c"), "--args", "3 4"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (told.returncode, told.stdout) == (0, "7"), told.stderr


def test_killed_with_minus_nine_it_leaves_nothing_either(run: Run) -> None:
    run.wait_for_sighting_on("camera-1")
    started = run.descendants()
    run.process.kill()
    wait_until(lambda: not _alive(started), f"the processes to end: {_alive(started)}")


def test_a_role_that_falls_is_started_again_and_the_search_goes_on(run: Run) -> None:
    run.wait_for_sighting_on("camera-1")
    url = f"http://127.0.0.1:{run.port}"
    command = "processor_orchestrator"
    orchestrator = next(
        pid for pid in run.descendants() if command in Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    )
    os.kill(orchestrator, signal.SIGKILL)
    wait_until(lambda: any("starts again" in line for line in run.lines), "the fall to be told")
    wait_until(lambda: _is_ready(url), "the orchestrator to be back")
    run.wait_for_sighting_on("camera-2")


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=ANSWER_SECONDS).ok
    except requests.RequestException:
        return False
