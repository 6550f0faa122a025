"""Live pictures: asked for while somebody watches, and no longer."""

import pytest
from prometheus_client import CollectorRegistry

from backbone.errors import Conflict
from backbone.web.mjpeg import Viewer
from backbone.wire.stream_frames import StreamFrame
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.domain.events import CameraJoined, PictureSent, PicturesWanted
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.streams.relay import StreamRelay

FRAME = StreamFrame(b"\xff\xd8JPEG", 1.0, 1, 1.0, 1.0)
ASKED = PicturesWanted("door", 10.0)
ENOUGH = PicturesWanted("door", 0.0)


@pytest.fixture
def bus():
    return EventBus()


@pytest.fixture
def told(bus):
    heard = []
    bus.subscribe(PicturesWanted, heard.append)
    return heard


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def relay(bus, registry):
    return StreamRelay(bus=bus, metrics=OrchestratorMetrics(registry))


def test_pictures_are_asked_for_at_the_first_viewer_and_no_longer_after_the_last(relay, told):
    first, second = Viewer(10.0), Viewer(10.0)
    relay.broadcast("door").join(first)
    relay.broadcast("door").join(second)
    assert told == [ASKED]
    relay.broadcast("door").leave(first)
    assert len(told) == 1
    relay.broadcast("door").leave(second)
    assert told == [ASKED, ENOUGH]


def test_each_camera_is_asked_for_itself(relay, told):
    relay.broadcast("door").join(Viewer(10.0))
    relay.broadcast("yard").join(Viewer(5.0))
    assert [event.camera for event in told] == ["door", "yard"]
    assert relay.viewers() == {"door": 1, "yard": 1}


async def test_each_picture_is_handed_on_and_another_one_is_wanted(relay):
    viewer = Viewer(10.0)
    relay.broadcast("7").join(viewer)
    assert relay.received(7, FRAME)
    assert (await viewer.slot.take(timeout=0)).jpeg == FRAME.jpeg


def test_a_picture_that_nobody_asked_for_is_refused(relay):
    with pytest.raises(Conflict, match="only after 'startStream'"):
        relay.received("door", FRAME)


def test_a_picture_that_was_under_way_when_the_last_viewer_left_is_let_go_without_a_token(relay, told):
    viewer = Viewer(10.0)
    relay.broadcast("door").join(viewer)
    relay.broadcast("door").leave(viewer)
    assert not relay.received("door", FRAME)
    assert told == [ASKED, ENOUGH]


def test_a_camera_that_comes_back_is_asked_again_while_somebody_waits(relay, bus, told):
    viewer = Viewer(10.0)
    relay.broadcast("door").join(viewer)
    bus.publish(CameraJoined("door"))
    assert told == [ASKED] * 2
    relay.broadcast("door").leave(viewer)
    bus.publish(CameraJoined("door"))
    bus.publish(CameraJoined("yard"))
    assert len(told) == 3


def test_every_viewer_is_counted(relay, registry):
    viewers = [Viewer(10.0) for _ in range(3)]
    for viewer in viewers:
        relay.broadcast("door").join(viewer)
    assert registry.get_sample_value("orchestrator_stream_viewers") == 3
    relay.broadcast("door").leave(viewers[0])
    assert registry.get_sample_value("orchestrator_stream_viewers") == 2


async def test_a_picture_of_another_orchestrators_camera_goes_to_the_viewers_here(relay, bus):
    viewer = Viewer(10.0)
    relay.broadcast("attic").join(viewer)
    for camera in ("attic", "cellar"):
        bus.publish(PictureSent(camera, b"\xff\xd8away"), origin=Origin.ELSEWHERE)
    assert (await viewer.slot.take(timeout=0)).jpeg == b"\xff\xd8away"
