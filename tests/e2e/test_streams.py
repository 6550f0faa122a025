"""Live pictures: framed exactly, encoded once however many watch, and not at all while nobody does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from tests.e2e.conftest import camera
from tests.multipart import parts
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

PATTERN = "test:?fps=10&width=640&height=360"
SLOW_PATTERN = "test:?fps=3&width=640&height=360"
"""So slow that no picture is passed over for a newer one on its way to the viewers."""

ENCODED = "camera_processor_jpegs_encoded_total"


@pytest.fixture
def pattern() -> str:
    """What the camera shows."""
    return PATTERN


@pytest.fixture
def lobby(orchestrator: Role, pattern: str) -> Iterator[Role]:
    """A camera that shows a moving pattern to the orchestrator."""
    running = camera(orchestrator, "lobby", pattern)
    try:
        running.wait_for_event("orchestrator_connected")
        wait_until(lambda: running.metric("camera_processor_processed_frames_total") > 5, "frames")
        yield running
    finally:
        running.terminate()


def watch(url: str, count: int) -> list[bytes]:
    """Return the first JPEGs of a stream."""
    with requests.get(url, stream=True, timeout=ANSWER_SECONDS) as response:
        stream = parts(response)
        return [next(stream) for _ in range(count)]


@pytest.mark.parametrize("path", ["/stream?camera=lobby", "/stream/lobby", "/video_feed?camera=lobby", "/video_feed"])
def test_a_stream_is_framed_to_the_byte_and_moves(orchestrator: Role, lobby: Role, path: str) -> None:
    jpegs = watch(orchestrator.url + path, 4)
    assert len(set(jpegs)) == 4


def test_with_no_viewer_nothing_is_encoded(orchestrator: Role, lobby: Role) -> None:
    watch(f"{orchestrator.url}/stream/lobby", 2)
    cameras = f"{orchestrator.url}/api/cameras"
    wait_until(
        lambda: requests.get(cameras, timeout=ANSWER_SECONDS).json()["data"][0]["viewers"] == 0, "the viewer to be gone"
    )
    settled = lobby.metric("camera_processor_processed_frames_total") + 3
    wait_until(lambda: lobby.metric("camera_processor_processed_frames_total") > settled, "the stop to arrive")
    encoded, processed = lobby.metric(ENCODED), lobby.metric("camera_processor_processed_frames_total")
    wait_until(lambda: lobby.metric("camera_processor_processed_frames_total") > processed + 15, "15 more frames")
    assert lobby.metric(ENCODED) == encoded


@pytest.mark.parametrize("pattern", [SLOW_PATTERN])
def test_five_viewers_cost_one_encoding_a_frame(orchestrator: Role, lobby: Role) -> None:
    seen: list[list[bytes]] = [[] for _ in range(5)]
    enough = threading.Event()

    def view(jpegs: list[bytes]) -> None:
        with requests.get(f"{orchestrator.url}/stream/lobby", stream=True, timeout=ANSWER_SECONDS) as response:
            stream = parts(response)
            while not enough.is_set():
                jpegs.append(next(stream))

    before = (lobby.metric(ENCODED), lobby.metric("camera_processor_processed_frames_total"))
    viewers = [threading.Thread(target=view, args=(jpegs,)) for jpegs in seen]
    for viewer in viewers:
        viewer.start()
    wait_until(lambda: all(seen), "a picture for each")  # from here on they watch together, however slowly they began
    counts = [len(jpegs) for jpegs in seen]
    together = lobby.metric(ENCODED)
    wait_until(lambda: all(len(now) >= 20 + then for now, then in zip(seen, counts, strict=True)), "20 more for each")
    encoded = lobby.metric(ENCODED)
    more = sum(map(len, seen)) - sum(counts)
    enough.set()
    for viewer in viewers:
        viewer.join(timeout=ANSWER_SECONDS)
    distinct = len({jpeg for jpegs in seen for jpeg in jpegs})
    all_encoded = lobby.metric(ENCODED) - before[0]
    frames = lobby.metric("camera_processor_processed_frames_total") - before[1]
    assert distinct <= all_encoded <= frames, "each frame is encoded at most once"
    assert more > 3 * (encoded - together), "the viewers share what was encoded"


def test_a_stalled_viewer_costs_the_others_nothing(orchestrator: Role, lobby: Role) -> None:
    host, port = "127.0.0.1", orchestrator.port
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        stalled.connect((host, port))
        stalled.sendall(b"GET /stream/lobby HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        watch(f"{orchestrator.url}/stream/lobby", 5)
        with requests.get(f"{orchestrator.url}/stream/lobby", stream=True, timeout=ANSWER_SECONDS) as response:
            stream = parts(response)
            next(stream)
            began = lobby.metric("camera_processor_processed_frames_total")
            jpegs = [next(stream) for _ in range(30)]
        frames = lobby.metric("camera_processor_processed_frames_total") - began
    assert len(set(jpegs)) == 30
    assert frames < 60, "30 pictures came from fewer than 60 frames: the viewer kept at least half of the full rate"


def test_viewers_get_pictures_again_after_the_camera_came_back(orchestrator: Role) -> None:
    with ExitStack() as stack:
        first = camera(orchestrator, "gate", PATTERN)
        stack.callback(first.terminate)
        first.wait_for_event("orchestrator_connected")
        response = stack.enter_context(requests.get(f"{orchestrator.url}/stream/gate", stream=True, timeout=30))
        stream = parts(response)
        next(stream)
        first.kill()
        second = camera(orchestrator, "gate", PATTERN)
        stack.callback(second.terminate)
        second.wait_for_event("orchestrator_connected")
        wait_until(lambda: second.metric(ENCODED) > 0, "a picture")
        assert next(stream)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stream?camera=nobody", 404),
        ("/stream/nobody", 404),
        ("/stream", 400),
        ("/stream/lobby?fps=0", 400),
        ("/stream/lobby?fps=nan", 400),
        ("/stream/lobby?fps=1e9", 400),
        ("/stream/lobby?fps=x", 400),
    ],
)
def test_a_stream_that_cannot_be_is_refused_in_words(orchestrator: Role, lobby: Role, path: str, status: int) -> None:
    if path == "/stream":
        other = camera(orchestrator, "yard", PATTERN)
        try:
            other.wait_for_event("orchestrator_connected")
            answer = requests.get(orchestrator.url + path, timeout=ANSWER_SECONDS)
        finally:
            other.terminate()
    else:
        answer = requests.get(orchestrator.url + path, timeout=ANSWER_SECONDS)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "expected" in answer.json()["detail"]


def test_a_camera_by_itself_serves_its_own_page_stream_and_snapshot() -> None:
    with role("camera_processor", "--camera-id", "alone", "--source", PATTERN, "--port", "0") as alone:
        wait_until(lambda: requests.get(f"{alone.url}/readyz", timeout=ANSWER_SECONDS).ok, "the camera")
        for path in ("/stream", "/video_feed"):
            assert len(set(watch(alone.url + path, 3))) == 3
        snapshot = requests.get(f"{alone.url}/snapshot.jpg", timeout=ANSWER_SECONDS)
        assert snapshot.headers["Content-Type"] == "image/jpeg"
        assert snapshot.content.startswith(b"\xff\xd8")
        page = requests.get(alone.url, timeout=ANSWER_SECONDS)
        assert page.ok
        assert "/stream" in page.text
        assert alone.terminate() == 0
