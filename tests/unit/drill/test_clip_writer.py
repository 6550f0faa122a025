import cv2
import numpy as np
import pytest

from drill.clip_writer import ClipNotWritten, write_clip


def grey_frames(levels):
    return [np.full((48, 64, 3), level, np.uint8) for level in levels]


def test_a_clip_holds_its_frames_in_order(tmp_path):
    write_clip(tmp_path / "clip.mp4", grey_frames([20, 120, 220]), fps=10, size=(64, 48))
    clip = cv2.VideoCapture(str(tmp_path / "clip.mp4"))
    assert clip.get(cv2.CAP_PROP_FPS) == 10
    levels = [clip.read()[1].mean() for _ in range(3)]
    assert levels == pytest.approx([20, 120, 220], abs=8)
    assert clip.read()[0] is False


def test_a_clip_that_fails_halfway_leaves_nothing_behind(tmp_path):
    def failing():
        yield from grey_frames([1, 2])
        raise RuntimeError("no more film")

    with pytest.raises(RuntimeError, match="no more film"):
        write_clip(tmp_path / "clip.mp4", failing(), fps=10, size=(64, 48))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ClipNotWritten, match=r"clip\.mp4 as MPEG-4"):
        write_clip(tmp_path / "none" / "clip.mp4", grey_frames([1]), fps=10, size=(64, 48))
