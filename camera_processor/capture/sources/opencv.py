"""Plays network cameras, local cameras and video files with OpenCV's FFmpeg and V4L2. Knows no address's form.

Lives in the capture child only.
Its `read()` may hang for ever whatever its timeouts say; the parent's watchdog is what ends that.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backbone.errors import BadInput, NotFound, Unavailable
from camera_processor.capture.sources.kind import MAX_PIXELS
from camera_processor.capture.sources.pace import Picture, RealTime, Smoothing, Stage

_ON_DISK = "file"  # what a video of this machine may make FFmpeg open
_STREAMS = "mpjpeg,mjpeg,hls,mpegts,mov,matroska,webm,flv,h264,hevc,aac"
_VIDEOS = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,h264,hevc,m4v,mjpeg,ivf,gif"
# Guessing the frame rate, which nobody here asks for, made opening a 5 fps camera take 4.2 s instead of 0.05 s.
_RTSP_OPTIONS = "rtsp_transport;tcp|fpsprobesize;0"
_FALLBACK_FPS = 25.0
_WARNINGS = "24"  # FFmpeg's AV_LOG_WARNING: its HTTP status lines come at this level


@dataclass(frozen=True, slots=True)
class NetworkCamera:
    """A URL to play.

    Attributes:
        url: credentials included.
        name: what it is called in errors, without credentials.
        protocols: what FFmpeg may open for it, separated by commas.
        rtsp: whether it speaks RTSP, else HTTP.
        in_bursts: whether its pictures come a segment at a time and are to be spread.
    """

    url: str = field(repr=False)
    name: str
    protocols: str
    rtsp: bool
    in_bursts: bool


def play_network(camera: NetworkCamera, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
    """Yield a network camera's pictures, stamped when they were grabbed; raises Unavailable when it stops."""
    options = _RTSP_OPTIONS if camera.rtsp else f"format_whitelist;{_STREAMS}"
    capture = _open_ffmpeg(camera.url, f"{options}|protocol_whitelist;{camera.protocols}", timeout=timeout)
    if not capture.isOpened():
        raise Unavailable(f"camera {camera.name} could not be opened")
    retrieve = _retrieve_jpeg if not camera.rtsp and _passes_jpegs(capture) else _retrieve
    smoothing = Smoothing(stage) if camera.in_bursts else None
    started_at = 0.0
    while capture.grab():
        if smoothing:
            smoothing.wait(_media_time(capture), period=_period(capture))
        frame_id = stage.wall()
        started_at = started_at or frame_id
        image = retrieve(capture)
        yield None if image is None else Picture(image, frame_id, started_at)
    raise Unavailable(f"camera {camera.name} sends no more pictures")


def play_device(device: Path, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
    """Yield a local camera's pictures, stamped when they were grabbed; raises Unavailable when it stops."""
    if not device.exists():
        raise NotFound(f"camera device {device} does not exist on this machine")
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
    if not capture.isOpened():
        raise Unavailable(f"camera device {device} could not be opened: no permission, no camera, or in use")
    capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(timeout * 1000))
    started_at = 0.0
    while capture.grab():
        frame_id = stage.wall()
        started_at = started_at or frame_id
        yield Picture(_retrieve(capture), frame_id, started_at)
    raise Unavailable(f"camera device {device} sends no more pictures")


def play_video(path: Path, stage: Stage, *, loop: bool, realtime: bool, timeout: float) -> Iterator[Picture | None]:
    """Yield a video's pictures once or for ever, stamped with the start of playing plus their own time in the file.

    Loop n adds n times the played length. In real time, pictures that come too late are None.
    """
    path = path.absolute()
    if not path.is_file():
        raise NotFound(f"video: expected a file at {path}; there is none")
    clock, offset = RealTime(stage), 0.0
    while True:
        length = 0.0
        for media, period, capture in _grab_file(path, timeout=timeout):
            length = media + period
            if realtime and not clock.is_due(offset + media, period=period):
                yield None
                continue
            yield Picture(_retrieve(capture), clock.started_at + offset + media, clock.started_at)
        if not length:
            raise BadInput(f"video: expected a video that FFmpeg can decode at {path}")
        if not loop:
            return
        offset += length


def _grab_file(path: Path, *, timeout: float) -> Iterator[tuple[float, float, cv2.VideoCapture]]:
    """Yield (seconds into the file, seconds to the next picture, capture) for each grabbed picture."""
    options = f"format_whitelist;{_VIDEOS}|protocol_whitelist;{_ON_DISK}"
    capture = _open_ffmpeg(str(path), options, timeout=timeout)
    period, last = _period(capture), -1.0
    while capture.isOpened() and capture.grab():
        media = _media_time(capture)
        last = media if media > last else last + period  # some containers carry no times
        yield max(last, 0.0), period, capture
    capture.release()


def _open_ffmpeg(address: str, options: str, *, timeout: float) -> cv2.VideoCapture:
    os.putenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", options)  # the only way in; read by OpenCV at each open
    os.putenv("OPENCV_FFMPEG_LOGLEVEL", _WARNINGS)
    cv2.setNumThreads(1)
    milliseconds = int(timeout * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)


def _retrieve(capture: cv2.VideoCapture) -> NDArray[np.uint8]:
    ok, image = capture.retrieve()
    if not ok or image.ndim != 3:
        raise Unavailable("camera: a picture could not be decoded")
    _check_size(image.shape[1], image.shape[0])
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _passes_jpegs(capture: cv2.VideoCapture) -> bool:
    """Ask for undecoded JPEGs of an MJPEG camera over HTTP, whose later sizes OpenCV would scale to the first one."""
    is_mjpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"MJPG")
    return is_mjpeg and capture.set(cv2.CAP_PROP_FORMAT, -1)


def _retrieve_jpeg(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    """Decode the JPEG that was grabbed; None when it is damaged, as happens on a bad link."""
    ok, data = capture.retrieve()
    try:
        with Image.open(io.BytesIO(data.tobytes() if ok else b""), formats=["JPEG"]) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:  # Pillow's own cap comes first for the largest
        raise BadInput(f"camera: expected at most {MAX_PIXELS} pixels; {error}") from error
    except (OSError, ValueError):
        return None
    _check_size(width, height)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    return None if decoded is None else np.asarray(decoded, np.uint8)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadInput(f"camera: expected at most {MAX_PIXELS} pixels; got {width}x{height}")


def _media_time(capture: cv2.VideoCapture) -> float:
    return float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0


def _period(capture: cv2.VideoCapture) -> float:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return 1.0 / fps if 0.1 <= fps <= 240.0 else 1.0 / _FALLBACK_FPS
