"""A camera of this machine is its device or its number."""

import pytest

from backbone.errors import BadInput, NotFound
from camera_processor.capture.sources.device import DeviceSource, read_device
from camera_processor.capture.sources.pace import Stage


@pytest.mark.parametrize(
    ("text", "path"),
    [("/dev/video12", "/dev/video12"), ("0", "/dev/video0"), ("007", "/dev/video7"), ("999", "/dev/video999")],
)
def test_a_device_is_read_from_its_path_or_its_number(text, path):
    source = read_device(text)
    assert source == DeviceSource(text, path)
    assert source.newest_only


@pytest.mark.parametrize("text", ["/dev/video", "/dev/video0/../sda", "/dev/video-1", "1234", "\u0663", "1\n"])
def test_another_device_is_refused(text):
    with pytest.raises(BadInput, match="expected /dev/videoN or N with N from 0 to 999"):
        read_device(text)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(NotFound, match="camera device /dev/video987 does not exist on this machine"):
        list(read_device("987").play(Stage(), timeout=1.0))
