"""Live pictures: asked for while somebody watches, and no longer."""

import pytest
from prometheus_client import CollectorRegistry

from backbone.errors import Conflict
from backbone.mjpeg import Viewer
from backbone.wire.stream_frames import StreamFrame
from backbone.wire.to_processor import StartStream, StopStream, StreamToken
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.streams.relay import TOKENS, WIDTH, StreamRelay

FRAME = StreamFrame(b"\xff\xd8JPEG", 1.0, 1, 1.0, 1.0)
ASKED = StartStream(fps=10.0, width=WIDTH, tokens=TOKENS)


@pytest.fixture
def told():
    return []


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def relay(told, registry):
    return StreamRelay(
        tell=lambda camera, message: told.append((camera, message)), metrics=OrchestratorMetrics(registry)
    )


def test_pictures_are_asked_for_at_the_first_viewer_and_no_longer_after_the_last(relay, told):
    first, second = Viewer(10.0), Viewer(10.0)
    relay.broadcast("door").join(first)
    relay.broadcast("door").join(second)
    assert told == [("door", ASKED)]
    relay.broadcast("door").leave(first)
    assert len(told) == 1
    relay.broadcast("door").leave(second)
    assert told == [("door", ASKED), ("door", StopStream())]


def test_each_camera_is_asked_for_itself(relay, told):
    relay.broadcast("door").join(Viewer(10.0))
    relay.broadcast("yard").join(Viewer(5.0))
    assert [camera for camera, _ in told] == ["door", "yard"]
    assert relay.viewers() == {"door": 1, "yard": 1}


async def test_each_picture_is_handed_on_and_answered_with_a_token(relay, told):
    viewer = Viewer(10.0)
    relay.broadcast("7").join(viewer)
    relay.received(7, FRAME)
    assert (await viewer.slot.take(timeout=0)).jpeg == FRAME.jpeg
    assert told[1:] == [("7", StreamToken(tokens=1))]


def test_a_picture_that_nobody_asked_for_is_refused(relay):
    with pytest.raises(Conflict, match="only after 'startStream'"):
        relay.received("door", FRAME)


def test_a_picture_that_was_under_way_when_the_last_viewer_left_is_let_go_without_a_token(relay, told):
    viewer = Viewer(10.0)
    relay.broadcast("door").join(viewer)
    relay.broadcast("door").leave(viewer)
    relay.received("door", FRAME)
    assert told == [("door", ASKED), ("door", StopStream())]


def test_a_camera_that_comes_back_is_asked_again_while_somebody_waits(relay, told):
    viewer = Viewer(10.0)
    relay.broadcast("door").join(viewer)
    relay.camera_joined("door")
    assert told == [("door", ASKED)] * 2
    relay.broadcast("door").leave(viewer)
    relay.camera_joined("door")
    relay.camera_joined("yard")
    assert len(told) == 3


def test_every_viewer_is_counted(relay, registry):
    viewers = [Viewer(10.0) for _ in range(3)]
    for viewer in viewers:
        relay.broadcast("door").join(viewer)
    assert registry.get_sample_value("orchestrator_stream_viewers") == 3
    relay.broadcast("door").leave(viewers[0])
    assert registry.get_sample_value("orchestrator_stream_viewers") == 2
