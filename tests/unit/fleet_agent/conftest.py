"""A list as an operator would write it, a fake engine on a real socket, and the real engine where one answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from backbone.wire.to_fleet_agent import StartContainer
from fleet_agent.domain.allow_list import AllowList
from fleet_agent.domain.kind import Kind
from fleet_agent.metrics import AgentMetrics
from tests.fakes.container_engine import FakeContainerEngine

NODE = "pi-3"
CAMERA = Kind(
    image="searchlight/camera:1",
    network="none",
    command=("--camera-id", "{name}"),
    environment={"SOURCE": "{source}", "JWT_FILE": "/run/secrets/jwt", "WHERE": "on {node}"},
    devices=("/dev/video*",),
    sources=("rtsp://10.0.0.0/24", "http://*.cameras.example:8080", "file:/footage/*.mp4", "test:"),
    named_sources={"gate": "/etc/searchlight/gate"},
    mounts={"/run/secrets/jwt": "/etc/searchlight/jwt"},
    memory_mb=64,
)
WORKER = Kind(image="searchlight/worker@sha256:" + "0" * 64, network="inside")
DEVICES = {"/dev/video0": 44, "/dev/video1": 44, "/dev/video2": 0}


def start(name: str = "gate", kind: str = "camera", **place: str) -> StartContainer:
    return StartContainer(request_id="r", kind=kind, name=name, **place)


@pytest.fixture
def allow_list() -> AllowList:
    return AllowList(NODE, {"camera": CAMERA, "worker": WORKER})


@pytest.fixture
def metrics() -> AgentMetrics:
    return AgentMetrics(CollectorRegistry())


@pytest.fixture
def fake_engine(tmp_path: Path) -> Iterator[FakeContainerEngine]:
    engine = FakeContainerEngine(tmp_path)
    yield engine
    engine.stop()
