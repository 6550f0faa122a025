"""Three engines that form a swarm on this machine, and the stack on it, seen from inside of its network."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import ROOT
from tests.stack.engine import run

SCRIPT = ROOT / "tests" / "stack" / "three_nodes.sh"
NODES = (1, 2, 3)
MANAGER = 1
NET = "10.232.17"
LABELS = {1: ("data", "edge"), 2: ("core", "edge"), 3: ("core", "edge")}
"""The manager holds no orchestrator, so that whoever runs one may die."""
BRING_SECONDS = 240
LOAD_CAMERAS = 4
STACK = "searchlight"


def wait_for(condition: Callable[[], object], what: str, seconds: float) -> float:
    """Return after how many seconds the condition held; it is asked about every 0.3 s."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited {seconds:g} s in vain for: {what}"
        time.sleep(0.3)
    return time.monotonic() - began


class Load:
    """Cameras beside the stack that see the sought person all the time, and what of it was acknowledged, and when."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.acknowledged: dict[str, float] = {}
        """Sighting id -> seconds of the monotonic clock."""
        self.process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            self.acknowledged[told["id"]] = told["at"]

    def count_since(self, moment: float) -> int:
        return sum(at > moment for at in list(self.acknowledged.values()))

    def longest_pause(self, *, since: float, until: float) -> float:
        """Return the longest time within which nothing was acknowledged, seconds."""
        moments = [since, *sorted(at for at in self.acknowledged.values() if since < at < until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))


class Swarm:
    """Three nodes; `secrets_dir` holds the stack's secrets."""

    def __init__(self, folder: Path, secrets_dir: Path) -> None:
        self._folder = folder
        self._secrets_dir = secrets_dir
        self._token = (secrets_dir / "operator.jwt").read_text(encoding="utf-8").strip()

    def script(self, *arguments: str) -> None:
        run(str(SCRIPT), *arguments, patience=150, environment={"FOLDER": str(self._folder)})

    def docker(self, node: int, *arguments: str, patience: float = 60, given: str = "") -> str:
        socket = f"unix:///run/slnode{node}/docker.sock"
        return run("docker", "-H", socket, *arguments, patience=patience, given=given)

    def bring(self, node: int, *images: str) -> None:
        save = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)
        load = ["docker", "-H", f"unix:///run/slnode{node}/docker.sock", "load", "--quiet"]
        subprocess.run(load, stdin=save.stdout, check=True, timeout=BRING_SECONDS, stdout=subprocess.DEVNULL)
        assert save.wait(timeout=30) == 0

    def label(self) -> None:
        for node, labels in LABELS.items():
            added = [part for label in labels for part in ("--label-add", f"{label}=true")]
            self.docker(MANAGER, "node", "update", *added, f"slnode{node}")

    def deploy(self, **environment: str) -> None:
        told = {"SECRETS_DIR": str(self._secrets_dir), "STACK_NAME": STACK} | environment
        told["DOCKER_HOST"] = f"unix:///run/slnode{MANAGER}/docker.sock"
        run("sh", "stack/deploy.sh", patience=90, environment=told)

    def running(self, service: str) -> list[int]:
        """Return the nodes on which tasks of a service run; what ran on a lost node is wished away and not listed."""
        form = "{{.CurrentState}} {{.Node}}"
        told = self.docker(
            MANAGER, "service", "ps", "--filter", "desired-state=running", f"{STACK}_{service}", "--format", form
        )
        return [int(line[-1]) for line in told.splitlines() if line.startswith("Running")]

    def is_whole(self) -> bool:
        """Return whether each service has its one task; `service ls` would count a lost node's too."""
        wanted = {"redis": 1, "orchestrator": 1, "orchestrator-2": 1, "camera-1": 1, "camera-2": 1, "camera": 0}
        wanted |= {"cloudlet": 1, "face_worker": 2, "phone": 1, "broker": 1, "mqtt_gateway": 1, "pi_receiver": 1}
        return {service: len(self.running(service)) for service in wanted} == wanted

    def update_state(self, service: str) -> str:
        form = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}"
        return self.docker(MANAGER, "service", "inspect", f"{STACK}_{service}", "--format", form).strip()

    def ask(self, path: str) -> Any | None:
        """Return what the console answers on whichever core node it is, None when none does."""
        for node in (node for node, labels in LABELS.items() if "core" in labels):
            command = ["nsenter", f"--net=/run/netns/slnode{MANAGER}", "curl", "--silent", "--fail", "--max-time", "2"]
            done = subprocess.run(
                [*command, "--header", "@-", f"http://{NET}.{node}:8000{path}"],
                input=f"Authorization: Bearer {self._token}",
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
            if done.returncode == 0:
                return json.loads(done.stdout)
        return None

    def sightings(self) -> dict[str, dict[str, Any]]:
        """Return the sightings by id; none where nobody answers."""
        told = self.ask("/api/sightings?limit=1000")
        return {found["sightingId"]: found for found in told["data"]} if told is not None else {}

    def cameras_online(self) -> int:
        told = self.ask("/api/cameras")
        return sum(camera["state"] == "online" for camera in told["data"]) if told is not None else 0

    @contextmanager
    def load(self, object_id: int) -> Iterator[Load]:
        """Put load on the orchestrators for the length of a block."""
        nodes = [node for node, labels in LABELS.items() if "core" in labels]
        cores = [f"{NET}.{node}:{port}" for port in (8000, 8001) for node in nodes]
        inside = ["nsenter", f"--net=/run/netns/slnode{MANAGER}", sys.executable, "-m", "tests.stack.load"]
        chosen = [f"--object={object_id}", f"--secrets={self._secrets_dir}", f"--cameras={LOAD_CAMERAS}", "--hertz=1"]
        process = subprocess.Popen([*inside, *cores, *chosen], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        load = Load(process)
        try:
            wait_for(lambda: load.acknowledged, "the load's first sighting", 30)
            yield load
        finally:
            process.terminate()
            process.wait(timeout=10)

    def open_case(self) -> str:
        node = self.running("camera-1")[0]
        camera = self.docker(node, "ps", "--quiet", "--filter", f"name={STACK}_camera-1").split()[0]
        program = ("/usr/bin/python3", "/app/open_case.py", "http://orchestrator:8000")
        return self.docker(node, "exec", "--interactive", camera, *program, given=self._token)


@contextmanager
def three_nodes(folder: Path, secrets_dir: Path) -> Iterator[Swarm]:
    assert os.geteuid() == 0, "expected root: network namespaces are made"
    swarm = Swarm(folder, secrets_dir)
    swarm.script("down")
    try:
        swarm.script("up")
        swarm.label()
        yield swarm
    finally:
        swarm.script("down")
