"""Each frame and each command goes through one turn, and what it brings goes to whoever wants it."""

import time

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from backbone.latest_slot import LatestSlot
from backbone.web.mjpeg import Broadcast, Viewer
from backbone.wire.from_processor import BoundingBoxes
from backbone.wire.shared import Error
from camera_processor.analyst import Turn, Wanted
from camera_processor.domain.commands import CommandList, Forget
from camera_processor.domain.frames import Frame
from camera_processor.domain.results import FrameResult
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.frame_loop import FrameLoop
from camera_processor.metrics import ProcessorMetrics
from tests.fakes.parts import running
from tests.fakes.waiting import until

BOXES = BoundingBoxes(frame_id=5.0, boxes=[])
REFUSED = Error(code="no_face", message="expected a face", reply_to="start", object_id=1)


class Analyst:
    """Brings the turn that the test wants and remembers what it was asked for."""

    def __init__(self):
        self.brings = Turn()
        self.asked = []

    async def turn(self, frame, commands, wanted):
        self.asked.append((frame, list(commands), wanted))
        return self.brings


class Client:
    """Remembers what was to be sent."""

    def __init__(self):
        self.sent = []
        self.pictures = []

    def send(self, message, *, droppable=False):
        self.sent.append((message, droppable))

    async def send_picture(self, frame):
        self.pictures.append(frame)


class Bench:
    """A loop with everything around it."""

    def __init__(self, client=None):
        self.slot = LatestSlot()
        self.commands = CommandList()
        self.analyst = Analyst()
        self.client = client
        self.demand = StreamDemand()
        self.broadcast = Broadcast()
        self.registry = CollectorRegistry()
        self.loop = FrameLoop(
            slot=self.slot,
            commands=self.commands,
            analyst=self.analyst,
            client=client,
            demand=self.demand,
            broadcast=self.broadcast,
            metrics=ProcessorMetrics(self.registry),
        )

    async def show(self, frame):
        """Show one frame and wait until all that it brought was told."""
        turns = len(self.analyst.asked)
        async with running(self.loop):
            self.slot.put(frame)
            await until(lambda: len(self.analyst.asked) > turns)

    def count(self, name, **labels):
        return self.registry.get_sample_value(f"camera_processor_{name}", labels)


def frame(grabbed_at=50.0):
    return Frame(image=np.zeros((4, 6, 3), np.uint8), frame_id=5.0, sequence=7, grabbed_at=grabbed_at)


@pytest.fixture
def bench():
    return Bench(Client())


async def test_a_frame_brings_its_boxes_to_the_orchestrator_and_is_counted(bench):
    bench.analyst.brings = Turn(boxes=BOXES, result=FrameResult((), detected=True, encoded=3), seconds=0.02)
    await bench.show(shown := frame())
    assert bench.analyst.asked == [(shown, [], Wanted())]
    assert bench.client.sent == [(BOXES, True)]
    assert (bench.count("processed_frames_total"), bench.count("detections_total")) == (1, 1)
    assert (bench.count("face_encodings_total"), bench.count("frame_seconds_sum")) == (3, 0.02)


async def test_boxes_that_carry_an_object_are_not_dropped_for_newer_ones(bench):
    bench.analyst.brings = Turn(boxes=BOXES, identified=1)
    await bench.show(frame())
    assert bench.client.sent == [(BOXES, False)]


async def test_commands_are_carried_out_while_no_frame_comes(bench):
    bench.analyst.brings = Turn(answers=(REFUSED,))
    async with running(bench.loop):
        bench.commands.add(Forget(1))
        await until(lambda: bench.client.sent)
    assert bench.analyst.asked == [(None, [Forget(1)], Wanted())]
    assert bench.client.sent == [(REFUSED, False)]
    assert bench.count("processed_frames_total") == 0


async def test_commands_that_wait_go_with_the_next_frame(bench):
    bench.commands.add(Forget(1))
    bench.commands.add(Forget(2))
    await bench.show(shown := frame())
    assert bench.analyst.asked == [(shown, [Forget(1), Forget(2)], Wanted())]


async def test_jpegs_are_made_only_for_those_who_watch(bench):
    bench.demand.start(fps=10, width=320, tokens=1)
    bench.broadcast.join(Viewer(fps=10))
    await bench.show(frame(grabbed_at=100.0))
    await bench.show(frame(grabbed_at=101.0))
    assert [wanted for _, _, wanted in bench.analyst.asked] == [
        Wanted(overlay=True, plain_width=320),
        Wanted(overlay=True, plain_width=None),  # the orchestrator gave one token
    ]


async def test_a_picture_with_boxes_goes_to_the_viewers_of_the_page(bench):
    viewer = Viewer(fps=10)
    bench.broadcast.join(viewer)
    bench.analyst.brings = Turn(overlay=b"overlay")
    await bench.show(frame())
    assert (await viewer.slot.take(timeout=0.0)).jpeg == b"overlay"
    assert bench.count("jpegs_encoded_total", stream="overlay") == 1
    assert bench.client.pictures == []


async def test_a_plain_picture_goes_to_the_orchestrator_with_its_stamps(bench):
    bench.analyst.brings = Turn(plain=b"plain")
    began = time.time()
    await bench.show(frame(grabbed_at=time.monotonic() - 2.0))
    (sent,) = bench.client.pictures
    assert (sent.jpeg, sent.frame_id, sent.sequence) == (b"plain", 5.0, 7)
    assert began <= sent.encoded_at <= time.time()
    assert sent.encoded_at - sent.grabbed_at >= 2.0
    assert bench.count("jpegs_encoded_total", stream="plain") == 1


async def test_without_an_orchestrator_the_viewers_of_the_page_still_see():
    bench = Bench()
    viewer = Viewer(fps=10)
    bench.broadcast.join(viewer)
    bench.analyst.brings = Turn(answers=(REFUSED,), boxes=BOXES, overlay=b"overlay", plain=b"plain")
    await bench.show(frame())
    assert (await viewer.slot.take(timeout=0.0)).jpeg == b"overlay"
