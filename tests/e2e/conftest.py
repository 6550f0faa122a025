"""Whole stacks of real processes on the sample footage; a disk that gets full."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from backbone.jobs.job_queue import JobQueue
from drill.footage import Footage, make_footage
from tests.conftest import RedisServer
from tests.processes import ROOT, Role, role, wait_until

DATA_DIR = ROOT / "var"


@pytest.fixture(scope="session")
def footage() -> Footage:
    """The sample footage; made once a clone, then reused."""
    return make_footage(DATA_DIR)


@dataclass(frozen=True)
class Console:
    """A running stack as a page sees it."""

    url: str
    cameras: list[str]
    case_photo: Path
    orchestrator: Role
    processors: dict[str, Role]


@pytest.fixture(scope="module")
def console(footage: Footage) -> Iterator[Console]:
    """An orchestrator and both sample cameras, playing."""
    with role("processor_orchestrator", "--port", "0") as orchestrator:
        orchestrator.wait_for_event("loaded")
        processors = {clip.camera: sample_camera(orchestrator, clip.camera, clip.video) for clip in footage.clips}
        try:
            for processor in processors.values():
                processor.wait_for_event("orchestrator_connected")
            yield Console(orchestrator.url, list(processors), footage.case_photo, orchestrator, processors)
        finally:
            for processor in processors.values():
                processor.terminate()


def sample_camera(orchestrator: Role, camera_id: str, video: Path) -> Role:
    """Start a camera processor that plays a clip in a loop."""
    source = f"file:{video.resolve()}?loop=1&realtime=1"
    return camera(orchestrator, camera_id, source, "--min-face-px", "60")


def camera(orchestrator: Role, camera_id: str, source: str, *more: str) -> Role:
    """Start a camera processor that tells the orchestrator."""
    url = orchestrator.url.replace("http", "ws") + "/processor"
    return Role(
        "camera_processor",
        "--camera-id",
        camera_id,
        "--source",
        source,
        "--orchestrator-url",
        url,
        "--port",
        "0",
        *more,
    )


@contextmanager
def two_workers(redis_url: str, *flags: str) -> Iterator[Role]:
    """Two processes that take jobs, once both are ready for them."""
    with role("job_workers", *("--redis-url", redis_url, "--port", "0", "--processes", "2"), *flags) as running:
        wait_until(lambda: len(running.events("worker_ready")) == 2, "both workers")
        yield running


@pytest.fixture
async def queue(redis_server: RedisServer) -> AsyncIterator[JobQueue]:
    """The job queue of the real Redis."""
    made = JobQueue.from_url(redis_server.url)
    yield made
    await made.aclose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB in memory, mounted as root."""
    if os.geteuid() != 0:
        # Only root can bound a disk without filling the machine's own; CI is root.
        pytest.skip("mounting a file system needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
