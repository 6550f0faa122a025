"""A recorded video is a path of this machine, and how it is to be played."""

import pytest

from backbone.errors import BadInput, NotFound
from camera_processor.capture.sources.pace import Stage
from camera_processor.capture.sources.video import VideoSource, read_video
from tests.fakes.hls_camera import record_video


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:/a/b.mp4", VideoSource("file:/a/b.mp4", "/a/b.mp4")),
        ("file:b.mp4?loop=1", VideoSource("file:b.mp4?loop=1", "b.mp4", loop=True)),
        (
            "file:///a/b.mp4?realtime=1&loop=0",
            VideoSource("file:///a/b.mp4?realtime=1&loop=0", "/a/b.mp4", realtime=True),
        ),
    ],
)
def test_a_video_is_read_from_its_text(text, expected):
    assert read_video(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file:", "expected a path"),
        ("file:?loop=1", "expected a path"),
        ("file://host/share.mp4", "expected a path"),
        ("file:a.mp4\0.jpg", "expected a path"),
        ("file:a.mp4?loop=yes", "expected loop=0 or loop=1; got loop='yes'"),
        ("file:a.mp4?speed=2", "expected each of loop, realtime at most once"),
        ("file:a.mp4?loop=1&loop=0", "at most once"),
    ],
)
def test_another_video_is_refused(text, said):
    with pytest.raises(BadInput) as refused:
        read_video(text)
    assert said in str(refused.value)


def test_only_a_video_in_real_time_leaves_out_pictures_for_a_slow_reader():
    assert [read_video(text).newest_only for text in ("file:a", "file:a?realtime=1")] == [False, True]


def test_a_video_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=f"expected a file at {tmp_path}/a.mp4"):
        list(read_video(f"file:{tmp_path}/a.mp4").play(Stage(), timeout=1.0))


def test_a_video_in_real_time_goes_on_over_its_loops(tmp_path):
    """The clock moves only when the player sleeps, so every picture is on time."""
    path, clock = record_video(tmp_path / "a.mp4", frames=5, fps=10), [50.0]
    stage = Stage(monotonic=lambda: clock[0], wall=lambda: 1e9, sleep=lambda s: clock.__setitem__(0, clock[0] + s))
    shown = read_video(f"file:{path}?realtime=1&loop=1").play(stage, timeout=10.0)
    times = [picture.frame_id - picture.started_at for picture, _ in zip(shown, range(12), strict=False)]
    assert times == pytest.approx([number / 10 for number in range(12)], abs=1e-3)
    assert clock[0] == pytest.approx(50.0 + 11 / 10, abs=0.11)
