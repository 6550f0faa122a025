"""A stack of the tests' own: another project, another port, other secrets than anybody's who works on this machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.processes import free_port, wait_until
from tests.stack.engine import docker, inspect, run

UP_SECONDS = 180
HEALTHY_SECONDS = 90.0


class Stack:
    """A running stack, seen through its published port and its engine."""

    def __init__(self, secrets_dir: Path, *, project: str, port: int, environment: dict[str, str]) -> None:
        self.secrets_dir = secrets_dir
        self.project = project
        self.url = f"http://127.0.0.1:{port}"
        self.told = ""
        self.environment = {
            "COMPOSE_PROJECT_NAME": project,
            "CONSOLE_PORT": str(port),
            "SECOND_CONSOLE_PORT": str(free_port()),
            "CLOUDLET_PORT": str(free_port()),
            "MQTT_PORT": str(free_port()),
            "SECRETS_DIR": str(secrets_dir),
            "COMPOSE_PROFILES": "demo",
        } | environment
        self.token = (secrets_dir / "operator.jwt").read_text(encoding="utf-8").strip()
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def up(self) -> str:
        return run("sh", "stack/up.sh", patience=UP_SECONDS, environment=self.environment)

    def compose(self, *arguments: str, patience: float = 60) -> str:
        command = ("docker", "compose", "-f", "stack/docker-compose.yml", *arguments)
        return run(*command, patience=patience, environment=self.environment)

    def ask(self, path: str) -> Any:
        return requests.get(self.url + path, headers=self.headers, timeout=5).json()["data"]

    def answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, headers=self.headers, timeout=5).ok
        except requests.RequestException:
            return False

    def sightings(self, object_id: int | None = None) -> dict[str, dict[str, Any]]:
        narrowed = "" if object_id is None else f"&objectId={object_id}"
        return {found["sightingId"]: found for found in self.ask(f"/api/sightings?limit=1000{narrowed}")}

    def container(self, service: str) -> str:
        return f"{self.project}-{service}-1"

    def is_healthy(self, service: str) -> bool:
        state = inspect(self.container(service))["State"]
        return bool(state["Running"]) and state["Health"]["Status"] == "healthy"

    def kill(self, service: str) -> None:
        """kill -9 of a container's first process; `docker kill` would count as a wish that it stays away."""
        state = inspect(self.container(service))["State"]
        os.kill(state["Pid"], signal.SIGKILL)
        wait_until(
            lambda: inspect(self.container(service))["State"]["StartedAt"] != state["StartedAt"],
            f"{service} to be started again",
            HEALTHY_SECONDS,
        )

    def wait_for_health(self, service: str) -> None:
        deadline = time.monotonic() + HEALTHY_SECONDS
        while not self.is_healthy(service):
            assert time.monotonic() < deadline, (
                f"{service} is not healthy: {docker('logs', self.container(service))[-2000:]}"
            )
            time.sleep(0.2)

    def leftovers(self) -> dict[str, str]:
        """Return what the engine still has of this project."""
        mine = ("--filter", f"label=com.docker.compose.project={self.project}", "--quiet")
        found = {
            "containers": docker("ps", "--all", *mine),
            "networks": docker("network", "ls", *mine),
            "volumes": docker("volume", "ls", *mine),
        }
        return {kind: names.strip() for kind, names in found.items() if names.strip()}


@contextmanager
def running_stack(secrets_dir: Path, **environment: str) -> Iterator[Stack]:
    """Run a stack for the length of a `with` block; `environment` is what stack/env would say."""
    project = environment.pop("COMPOSE_PROJECT_NAME", f"searchlight-test-{os.getpid()}")
    stack = Stack(secrets_dir, project=project, port=free_port(), environment=environment)
    try:
        stack.told = stack.up()
        yield stack
    finally:
        stack.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
