"""What other parts count is read from them each time that somebody asks."""

import numpy as np
from prometheus_client import CollectorRegistry

from backbone.latest_slot import LatestSlot
from backbone.web.mjpeg import Broadcast, Viewer
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.sources.table import parse_source
from camera_processor.domain.commands import CommandList
from camera_processor.metrics import ProcessorMetrics
from tests.fakes.parts import running
from tests.fakes.waiting import until


class Bench:
    """The metrics of parts that follow no camera yet."""

    def __init__(self, source="test:"):
        self.registry = CollectorRegistry()
        self.slot = LatestSlot()
        self.broadcast = Broadcast()
        self.capture = Capture(parse_source(source), slot=self.slot)
        metrics = ProcessorMetrics(self.registry)
        metrics.follow(capture=self.capture, slot=self.slot, broadcast=self.broadcast, commands=CommandList())

    def read(self, name, **labels):
        return self.registry.get_sample_value(f"camera_processor_{name}", labels)

    def states(self):
        return {state for state in CaptureState if self.read("source_state", state=state.value) == 1.0}


def test_everything_is_told_from_the_start():
    bench = Bench()
    assert bench.states() == {CaptureState.STARTING}
    for name in ("source_frames", "source_restarts", "source_started_timestamp_seconds", "commands_dropped"):
        assert bench.read(name) == 0.0
    for where in ("source", "slot", "viewers"):
        assert bench.read("dropped_frames", where=where) == 0.0
    for stream in ("overlay", "plain"):
        assert bench.read("jpegs_encoded_total", stream=stream) == 0.0


def test_drops_are_counted_where_they_happen():
    bench = Bench()
    for _ in range(3):
        bench.slot.put(np.zeros(1))
    viewer = Viewer(fps=60)
    bench.broadcast.join(viewer)
    for part in range(5):
        viewer.slot.put(part)
    assert bench.read("dropped_frames", where="slot") == 2
    assert bench.read("dropped_frames", where="viewers") == 4
    bench.broadcast.leave(viewer)
    assert bench.read("dropped_frames", where="viewers") == 0, "of the present viewers"


async def test_the_sources_state_and_frames_are_those_of_this_moment():
    bench = Bench("test:?fps=50&width=64&height=64")
    async with running(bench.capture):
        await until(lambda: bench.read("source_frames") >= 3)
        assert bench.states() == {CaptureState.ONLINE}
        assert bench.read("source_started_timestamp_seconds") == bench.capture.started_at
