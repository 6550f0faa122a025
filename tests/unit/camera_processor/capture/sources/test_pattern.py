"""The test pattern moves, and its number can be read back from the picture."""

import itertools

import pytest

from camera_processor.capture.sources.pace import Stage
from camera_processor.capture.sources.pattern import read_pattern
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
