"""Every kind of source really plays through a capture, in a child process, into the slot."""

import asyncio
import contextlib
import statistics
import time

import pytest
from PIL import Image
from structlog.testing import capture_logs

from backbone.backoff import Backoff
from backbone.latest_slot import LatestSlot
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.sources.table import parse_source
from tests.fakes.burnt_counter import read_counter
from tests.fakes.hls_camera import record_video
from tests.fakes.parts import running
from tests.fakes.waiting import until


class EverySlot(LatestSlot):
    """A slot that remembers all that was put into it."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def put(self, value):
        self.seen.append(value)
        super().put(value)


@contextlib.asynccontextmanager
async def playing(text, *, slot=None, no_frame_timeout=30.0):
    slot = slot or EverySlot()
    backoff = Backoff(first=0.05, limit=0.2)
    capture = Capture(parse_source(text), slot=slot, no_frame_timeout=no_frame_timeout, backoff=backoff)
    capture.slot = slot
    with capture_logs() as capture.told:
        async with running(capture):
            yield capture


def states(capture):
    """The states that were told in the log."""
    return [CaptureState(line["state"]) for line in capture.told if line["event"] == "source_state"]


async def test_the_test_pattern_comes_online_and_its_numbers_follow_one_another():
    async with playing("test:?fps=50&width=320&height=180") as capture:
        assert capture.state is CaptureState.STARTING
        assert (capture.readiness().ok, capture.readiness().detail) == (False, "starting")
        await until(lambda: capture.frames >= 20)
        assert capture.state is CaptureState.ONLINE
        assert capture.size == (320, 180)
        frames = list(capture.slot.seen)
    for frame in frames:
        assert read_counter(frame.image) == frame.sequence - 1
        assert frame.frame_id - capture.started_at == pytest.approx((frame.sequence - 1) / 50, abs=1e-5)
    assert states(capture) == [CaptureState.ONLINE]
    assert capture.dropped == frames[-1].sequence - len(frames)
    assert capture.last_error == ""
    assert (capture.readiness().ok, capture.readiness().detail) == (True, "online")


async def test_a_waiting_taker_gets_a_frame_that_is_fresh():
    async with playing("test:?fps=20", slot=LatestSlot()) as capture:
        frame = await capture.slot.take(timeout=30)
        assert frame.image.flags.owndata
        assert frame.image.flags.writeable
        assert abs(time.time() - frame.frame_id) < 5
        assert time.monotonic() - frame.grabbed_at < 5


async def test_a_file_is_played_to_its_end_and_not_again(tmp_path):
    path = record_video(tmp_path / "a.mp4", frames=30, fps=10)
    async with playing(f"file:{path}") as capture:
        await until(lambda: capture.state is CaptureState.ENDED)
    frames = capture.slot.seen
    assert [frame.sequence for frame in frames] == list(range(1, 31))
    assert [frame.frame_id - capture.started_at for frame in frames] == pytest.approx(
        [number / 10 for number in range(30)], abs=1e-5
    )
    assert capture.restarts == 0
    assert capture.dropped == 0
    assert states(capture) == [CaptureState.ONLINE, CaptureState.ENDED]
    assert capture.pid is None
    left, right = frames[0].image[60, 40].astype(int), frames[0].image[60, 120].astype(int)
    assert left[0] > left[2] + 50, "red is the first channel"
    assert right[2] > right[0] + 50


async def test_a_file_in_real_time_tells_where_in_the_file_each_frame_is_over_its_loops(tmp_path):
    path = record_video(tmp_path / "a.mp4", frames=10, fps=20)
    began = time.time()
    async with playing(f"file:{path}?loop=1&realtime=1") as capture:
        await until(lambda: capture.frames >= 25)
        elapsed = time.time() - began
    assert began <= capture.started_at <= began + elapsed
    times = [(frame.frame_id - capture.started_at) * 20 for frame in capture.slot.seen]
    numbers = [frame.sequence - 1 for frame in capture.slot.seen]
    assert times == pytest.approx(numbers, abs=1e-3), "loop n adds n times the file's length"
    assert elapsed > numbers[-1] / 20, "it is not played faster than it was taken"
    assert capture.state is CaptureState.ONLINE


async def test_a_file_in_real_time_ends_too(tmp_path):
    path = record_video(tmp_path / "a.mp4", frames=6, fps=20)
    async with playing(f"file:{path}?realtime=1") as capture:
        await until(lambda: capture.state is CaptureState.ENDED)
    assert capture.frames + capture.dropped == 6


async def test_a_file_that_is_no_video_is_offline_with_its_name(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video at all" * 100)
    async with playing(f"file:{path}") as capture:
        await until(lambda: capture.restarts >= 1)
    assert "expected a video that FFmpeg can decode" in capture.last_error
    assert str(path) in capture.last_error


async def test_a_playlist_on_disk_is_no_video(tmp_path):
    record_video(tmp_path / "a.ts", frames=10, fps=10)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile a.ts\n")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n")
    for name in ("list.mp4", "list.m3u8"):
        async with playing(f"file:{tmp_path / name}") as capture:
            await until(lambda: capture.last_error)
        assert capture.frames == 0
        assert "whitelist" in capture.last_error


async def test_a_folder_of_pictures_is_played_once_and_what_is_no_picture_is_counted(tmp_path):
    for number, size in enumerate([(64, 48), (32, 100), (10, 10)]):
        Image.new("RGB", size, (255, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "1a.jpg").write_bytes(b"<svg/>")
    (tmp_path / "9.jpg").write_bytes(b"")
    async with playing(f"images:{tmp_path}") as capture:
        await until(lambda: capture.state is CaptureState.ENDED)
    assert [frame.image.shape for frame in capture.slot.seen] == [(48, 64, 3), (100, 32, 3), (10, 10, 3)]
    assert (capture.slot.seen[0].image == (255, 0, 0)).all()
    assert capture.refused == 2


async def test_a_slow_folder_is_not_taken_for_a_hung_camera(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    async with playing(f"images:{tmp_path}?fps=0.2&loop=1", no_frame_timeout=4.0) as capture:
        await until(lambda: capture.frames >= 2)
        assert capture.restarts == 0


@pytest.mark.parametrize("text", ["/dev/video987", "987"])
async def test_a_missing_device_is_offline_and_named(text):
    async with playing(text) as capture:
        await until(lambda: capture.restarts >= 2)
        await until(lambda: capture.state is CaptureState.OFFLINE)
    assert "camera device /dev/video987 does not exist on this machine" in capture.last_error
    assert capture.told[0]["reason"] == capture.last_error
    assert (capture.readiness().ok, capture.readiness().detail) == (False, f"offline: {capture.last_error}")
    assert states(capture) == [CaptureState.OFFLINE]


async def test_a_file_that_appears_later_is_found(tmp_path):
    path = tmp_path / "a.mp4"
    async with playing(f"file:{path}") as capture:
        await until(lambda: capture.state is CaptureState.OFFLINE)
        record_video(tmp_path / "b.mp4", frames=5, fps=10).rename(path)
        await until(lambda: capture.state is CaptureState.ENDED)
    assert capture.frames == 5


class SlowSlot(EverySlot):
    """A slot whose putting takes a while: the thread that reads the pipe is slow."""

    def __init__(self):
        super().__init__()
        self.late = []

    def put(self, value):
        self.late.append(time.time() - value.frame_id)
        time.sleep(0.12)
        super().put(value)


async def test_a_slow_reader_of_a_live_source_gets_new_frames_and_the_drops_are_counted():
    async with playing("test:?fps=100&width=1280&height=720", slot=SlowSlot()) as capture:
        await until(lambda: capture.frames >= 15)
    sequences = [frame.sequence for frame in capture.slot.seen]
    assert sequences == sorted(set(sequences))
    assert capture.dropped >= sequences[-1] - len(sequences) > 20
    assert statistics.median(capture.slot.late) < 2.0, "the pipe's depth, not the queue of a slow reader"


async def test_a_slow_reader_of_a_file_gets_every_frame(tmp_path):
    path = record_video(tmp_path / "a.mp4", frames=12, fps=10, size=(640, 480))
    async with playing(f"file:{path}", slot=SlowSlot()) as capture:
        await until(lambda: capture.state is CaptureState.ENDED)
    assert [frame.sequence for frame in capture.slot.seen] == list(range(1, 13))
    assert capture.dropped == 0


class StuckSlot(EverySlot):
    """A slot that once holds up the thread that reads the pipe, longer than a camera may be silent."""

    def put(self, value):
        if len(self.seen) == 5:
            time.sleep(5.0)
        super().put(value)


async def test_a_camera_is_not_blamed_when_it_was_we_who_stood_still():
    async with playing("test:?fps=20", slot=StuckSlot(), no_frame_timeout=4.0) as capture:
        await until(lambda: capture.frames >= 20)
    assert capture.restarts == 0
    assert states(capture) == [CaptureState.ONLINE]


class FailingSlot(EverySlot):
    """A slot with a fault of its own at the third frame."""

    def put(self, value):
        super().put(value)
        if len(self.seen) == 3:
            raise ValueError("a fault in the slot")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_fault_in_the_reading_thread_is_an_offline_camera_that_comes_back():
    async with playing("test:?fps=50", slot=FailingSlot()) as capture:
        await until(lambda: capture.frames >= 10)
    assert "the reading thread failed" in capture.last_error
    assert capture.restarts == 1


async def test_stopping_takes_less_than_two_seconds_whatever_is_going_on():
    for text in ("test:", "http://127.0.0.1:9/nobody", "987"):
        for moment in (0.0, 0.03, 0.3):
            async with asyncio.timeout(10), playing(text) as capture:
                await asyncio.sleep(moment)
                began = time.monotonic()
            assert time.monotonic() - began < 2.0
            assert capture.pid is None
