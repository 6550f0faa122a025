"""What every test may use: real orchestrators, a real Redis, and pictures of real people."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from PIL import Image

from searchlight.embedded_redis import find_binary
from tests.processes import Role, free_port, role, wait_until
from tests.skips import pytest_runtest_makereport  # noqa: F401 - pytest finds it by its name

SLOWEST = {"test_score", "test_up", "test_restart", "test_closing", "test_job_workers", "test_hostile_programs"}
"""Files of tests that begin first, so that of several processes none works alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in SLOWEST)


@pytest.fixture
def orchestrator() -> Iterator[Role]:
    """A real orchestrator that forgets at its end."""
    with role("processor_orchestrator", "--port", "0") as running:
        running.wait_for_event("loaded")
        yield running


class RedisServer:
    """A real redis-server, append-only, every write synced; can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [
            str(find_binary()[0]),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(folder),
            "--save",
            "",
        ]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, "redis-server")

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_timeout=10).ping())
        except redis.exceptions.RedisError:
            return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=40)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    yield server
    server.kill()


@pytest.fixture
def jpeg() -> bytes:
    """A small real JPEG without a person."""
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(out, "JPEG")
    return out.getvalue()
