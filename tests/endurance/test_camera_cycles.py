"""R9: cameras vanish and return 200 times, half of them HTTP, half RTSP; each is found again, nothing is left behind.

Run: `python -m pytest -s tests/endurance/test_camera_cycles.py`, about 5 minutes.
"""

import contextlib
import gc
import random
import resource
import threading
import time
from pathlib import Path

import pytest

from backbone.backoff import Backoff
from backbone.latest_slot import LatestSlot
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.sources.table import parse_source
from tests.fakes.cameras import Behaviour
from tests.fakes.mjpeg_camera import MjpegCamera
from tests.fakes.parts import running
from tests.fakes.rtsp_camera import RtspCamera
from tests.fakes.waiting import child_processes, open_files, until

CYCLES = 200
SEED = 9
TIMEOUT = 1.5
WITHIN = 10.0
RSS_GROWTH_KIB = 16 * 1024
FAULTS = ("vanish", "hang", "reset", "freeze", "change size")
SIZES = [(160, 120), (320, 240), (640, 480), (128, 96)]


def resident_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def bring_down(camera, fault, draw):
    """Do the fault; a change of size is one of those who come back with another size."""
    match fault:
        case "freeze":
            camera.behaviour = Behaviour.FREEZE
        case "reset":
            camera.behaviour = Behaviour.RESET
        case "hang":
            camera.behaviour = Behaviour.HANG
        case _:
            camera.vanish()
            if fault == "change size":
                camera.size = draw.choice(SIZES)


def bring_back(camera):
    camera.behaviour = Behaviour.PLAY
    if camera._listener is None:
        camera.come_back()


@pytest.mark.parametrize("kind", [MjpegCamera, RtspCamera])
async def test_a_camera_that_vanishes_is_always_found_again(kind):
    draw, began, failures = random.Random(SEED), time.monotonic(), []
    with kind(fps=25) as camera:
        source, backoff = parse_source(camera.url), Backoff(first=0.05, limit=0.2)
        before = (open_files(), threading.active_count(), child_processes())
        capture = Capture(source, slot=LatestSlot(), no_frame_timeout=TIMEOUT, backoff=backoff)
        async with running(capture):
            await until(lambda: capture.state is CaptureState.ONLINE, within=WITHIN)
            memory, most = [], (0, 0, 0)
            for cycle in range(CYCLES // 2):
                fault = FAULTS[cycle % len(FAULTS)]
                try:
                    bring_down(camera, fault, draw)
                    await until(lambda: capture.state is CaptureState.OFFLINE, within=WITHIN, what=fault)
                    bring_back(camera)
                    await until(lambda: capture.state is CaptureState.ONLINE, within=WITHIN, what=fault)
                except AssertionError as error:
                    failures.append(f"cycle {cycle} {error}")
                    with contextlib.suppress(OSError):
                        bring_back(camera)
                now = (open_files(), threading.active_count(), child_processes())
                most = tuple(max(pair) for pair in zip(most, now, strict=True))
                memory.append(resident_kib())
        gc.collect()
        await until(lambda: child_processes() <= before[2])
        await until(lambda: not camera._peers)
        after = (open_files(), threading.active_count(), child_processes())
    grown = max(memory[-10:]) - max(memory[5:15])
    print(  # noqa: T201 - the figure is what this run is for
        f"\nR9 {kind.__name__}: N={CYCLES // 2} failures={len(failures)} seed={SEED} "
        f"wall={time.monotonic() - began:.0f}s restarts={capture.restarts} frames={capture.frames} "
        f"fds,threads,children before={before} most={most} after={after} rss_growth={grown}KiB {failures}"
    )
    assert not failures
    assert most[2] == before[2] + 1, "one child at a time, and the count really sees it"
    assert all(now <= then for now, then in zip(after, before, strict=True))
    assert grown < RSS_GROWTH_KIB
