"""What every test may use: real orchestrators, a real Redis, and pictures of real people."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from PIL import Image

from searchlight.embedded_redis import find_binary
from tests.processes import ROOT, Role, free_port, role, wait_until

ENGINE_TESTS = ROOT / "tests" / "stack"
SLOWEST = {"test_score", "test_up", "test_restart", "test_closing", "test_job_workers", "test_hostile_programs"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several processes one works with the container engine; the others take a file each, the slowest first."""
    for item in items:
        group = ENGINE_TESTS if item.path.is_relative_to(ENGINE_TESTS) else item.path
        item.add_marker(pytest.mark.xdist_group(str(group.relative_to(ROOT))))
    items.sort(key=lambda item: (not item.path.is_relative_to(ENGINE_TESTS), item.path.stem not in SLOWEST))


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
            return bool(redis.Redis(port=self.port, socket_timeout=1).ping())
        except redis.exceptions.RedisError:
            return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=10)


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
