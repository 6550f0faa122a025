"""The test pattern moves, and its number can be read back from the picture."""

import itertools

import pytest

from backbone.errors import BadInput
from camera_processor.capture.sources.pace import Stage
from camera_processor.capture.sources.pattern import PatternSource, read_pattern
from tests.fakes.burnt_counter import read_counter


@pytest.mark.parametrize(("width", "height"), [(64, 64), (640, 360), (1280, 720)])
def test_each_picture_carries_its_number_and_its_time(width, height):
    clock = [50.0]
    stage = Stage(monotonic=lambda: clock[0], wall=lambda: 1e9, sleep=lambda s: clock.__setitem__(0, clock[0] + s))
    source = read_pattern(f"test:?fps=20&width={width}&height={height}")
    pictures = list(itertools.islice(source.play(stage, timeout=1.0), 25))
    assert [read_counter(picture.image) for picture in pictures] == list(range(25))
    assert [picture.frame_id - picture.started_at for picture in pictures] == pytest.approx(
        [number / 20 for number in range(25)]
    )
    assert pictures[0].image.shape == (height, width, 3)
    assert (pictures[0].image != pictures[1].image).any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("test:", PatternSource("test:", 10.0, 640, 360)),
        ("test:?fps=25&width=1280&height=720", PatternSource("test:?fps=25&width=1280&height=720", 25.0, 1280, 720)),
    ],
)
def test_a_pattern_is_read_from_its_text(text, expected):
    assert read_pattern(text) == expected
    assert expected.newest_only


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("test:pattern", "expected test:"),
        ("test:?fps=1000", "expected fps"),
        ("test:?width=12.5", "expected width as a whole number"),
        ("test:?width=1e3", "expected width"),
        ("test:?width=16384&height=16384", "expected a test picture of at most 40000000 pixels"),
    ],
)
def test_another_pattern_is_refused(text, said):
    with pytest.raises(BadInput) as refused:
        read_pattern(text)
    assert said in str(refused.value)
