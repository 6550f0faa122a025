"""Pictures of real cameras, taken in a process of their own."""

import os

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_devices.capture import camera_source
from edge_devices.capture.camera_source import CameraSource
from edge_devices.capture.sources import CaptureFailed, take


def test_a_camera_that_hangs_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_source, "SECONDS_BEYOND_WARM_UP", 2.0)
    os.mkfifo(tmp_path / "camera")
    with pytest.raises(CaptureFailed, match="the camera hangs"):
        take(CameraSource(str(tmp_path / "camera"), 0.0), tmp_path)


def test_a_real_camera_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CaptureFailed, match="expected a camera at /dev/video99"):
        take(CameraSource("/dev/video99", 0.0), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_real_capture_keeps_the_frame_of_a_video(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 200, np.uint8))
    writer.release()
    file = take(CameraSource(str(tmp_path / "clip.avi"), 0.0), tmp_path)
    assert file.name == "opencv_frame_0.png"
    assert Image.open(file).getpixel((5, 5))[0] > 150
