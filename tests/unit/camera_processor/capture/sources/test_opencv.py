"""Network cameras really play, go offline when they misbehave, come back, and tell nobody their password."""

import contextlib
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from backbone.backoff import Backoff
from backbone.latest_slot import LatestSlot
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.sources.table import parse_source
from tests.fakes.cameras import Behaviour
from tests.fakes.hls_camera import HlsCamera, record_video
from tests.fakes.mjpeg_camera import MjpegCamera
from tests.fakes.parts import running
from tests.fakes.rtsp_camera import RtspCamera
from tests.fakes.self_signed import server_context
from tests.fakes.waiting import until

TIMEOUT = 4.0
"""Seconds for a camera that falls silent; a slow machine starts its process in less."""

OFFLINE_WITHIN = TIMEOUT + 10.0  # the watchdog's time and what a busy machine adds
PATIENT = 30.0
"""Seconds for a camera that is not to be given up, or whose own error is to be told."""

CAMERAS = [MjpegCamera, RtspCamera]


@contextlib.asynccontextmanager
async def watching(url, *, no_frame_timeout=PATIENT):
    slot = LatestSlot()
    backoff = Backoff(first=0.1, limit=0.4)
    capture = Capture(parse_source(url), slot=slot, no_frame_timeout=no_frame_timeout, backoff=backoff)
    async with running(capture):
        capture.slot = slot
        yield capture


def is_online(capture):
    return lambda: capture.state is CaptureState.ONLINE


def is_offline(capture):
    return lambda: capture.state is CaptureState.OFFLINE


def shows(frame):
    """Red on the left, blue on the right."""
    halves = np.array_split(frame.image, 2, axis=1)
    left, right = (np.median(half, axis=(0, 1)) for half in halves)
    return left[0] > left[2] + 50 and right[2] > right[0] + 50


@pytest.mark.parametrize("kind", [MjpegCamera, RtspCamera, HlsCamera])
async def test_a_camera_plays_and_its_frames_are_stamped_when_they_came(kind):
    with kind(size=(320, 240)) as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.frames >= 25)
            frame = await capture.slot.take(timeout=PATIENT)
    assert frame.image.shape == (240, 320, 3)
    assert shows(frame)
    assert abs(time.time() - frame.frame_id) < 10
    assert capture.started_at <= frame.frame_id
    assert capture.restarts == 0


@pytest.mark.parametrize("kind", CAMERAS)
async def test_a_camera_plays_over_tls_with_the_self_signed_certificate_that_cameras_have(kind, tmp_path):
    with kind(tls=server_context(tmp_path)) as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.frames >= 5, what=capture)
    assert camera.url.partition(":")[0] in {"https", "rtsps"}


async def test_the_pictures_of_an_hls_segment_do_not_come_in_one_burst():
    with HlsCamera(fps=10) as camera:
        async with watching(camera.url) as capture:
            await until(is_online(capture))
            stamps = []
            while len(stamps) < 30:
                stamps.append((await capture.slot.take(timeout=PATIENT)).frame_id)
    assert stamps[-1] - stamps[0] > 2.0, "thirty pictures of a camera of 10 a second"


@pytest.mark.parametrize("kind", CAMERAS)
@pytest.mark.parametrize("behaviour", [Behaviour.FREEZE, Behaviour.RESET, Behaviour.MISSING])
async def test_a_camera_that_misbehaves_is_offline_in_time_and_online_when_it_returns(kind, behaviour):
    with kind() as camera:
        async with watching(camera.url, no_frame_timeout=TIMEOUT) as capture:
            await until(is_online(capture))
            camera.behaviour = behaviour
            if behaviour is Behaviour.MISSING:
                camera.vanish()
                camera.come_back()
            await until(is_offline(capture), within=OFFLINE_WITHIN)
            await until(lambda: capture.restarts >= 1, within=OFFLINE_WITHIN)
            camera.behaviour = Behaviour.PLAY
            await until(is_online(capture))
            frames = capture.frames
            await until(lambda: capture.frames > frames + 5)
    assert capture.last_error


@pytest.mark.parametrize("kind", CAMERAS)
async def test_a_camera_that_accepts_and_never_speaks_is_offline_in_time(kind):
    with kind() as camera:
        camera.behaviour = Behaviour.HANG
        async with watching(camera.url, no_frame_timeout=TIMEOUT) as capture:
            await until(is_offline(capture), within=OFFLINE_WITHIN)
            camera.behaviour = Behaviour.PLAY
            await until(is_online(capture))


@pytest.mark.parametrize("kind", CAMERAS)
async def test_a_camera_that_vanishes_is_found_again_on_its_return(kind):
    with kind() as camera:
        async with watching(camera.url, no_frame_timeout=TIMEOUT) as capture:
            await until(is_online(capture))
            sequence = capture.frames + capture.dropped
            camera.vanish()
            await until(is_offline(capture), within=OFFLINE_WITHIN)
            camera.come_back()
            await until(is_online(capture))
            frame = await capture.slot.take(timeout=PATIENT)
    assert frame.sequence > sequence, "numbers go on over a restart"


@pytest.mark.parametrize("kind", CAMERAS)
async def test_a_camera_that_changes_its_size_stays_online(kind):
    with kind(size=(160, 120)) as camera:
        async with watching(camera.url) as capture:
            await until(is_online(capture))
            for size in ((320, 240), (128, 96), (640, 480)):
                camera.size = size
                await until(lambda size=size: capture.size == size)
                frame = None
                while frame is None or frame.image.shape[:2] != size[::-1]:
                    frame = await capture.slot.take(timeout=PATIENT)
                assert shows(frame)
    assert capture.restarts == 0


async def test_the_error_of_a_missing_camera_says_why():
    with MjpegCamera() as camera:
        camera.behaviour = Behaviour.MISSING
        async with watching(camera.url) as capture:
            await until(is_offline(capture))
    assert "404" in capture.last_error
    assert "could not be opened" in capture.last_error


@pytest.mark.parametrize("kind", CAMERAS)
async def test_a_camera_with_a_login_plays_and_its_login_is_seen_nowhere(kind):
    with kind(login="gatekeeper:s3cr3t") as camera:
        async with watching(camera.url, no_frame_timeout=TIMEOUT) as capture:
            await until(is_online(capture))
            process = Path(f"/proc/{capture.pid}")
            seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            camera.login = "gatekeeper:another"
            camera.vanish()
            camera.come_back()
            await until(is_offline(capture))
            await until(lambda: capture.restarts >= 2 and "401" in capture.last_error)
    told = f"{seen!r} {capture.last_error} {capture.source!r} {capture.source.redacted} {capture.state}"
    assert "camera_processor.capture.child" in told
    assert "401" in told
    for secret in ("gatekeeper", "s3cr3t"):
        assert secret not in told


async def test_our_environment_does_not_reach_the_child(monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2hunter2")
    with MjpegCamera() as camera:
        async with watching(camera.url) as capture:
            await until(is_online(capture))
            assert b"hunter2" not in Path(f"/proc/{capture.pid}/environ").read_bytes()


@pytest.mark.parametrize("prefix", ["file://", "file:", "concat:", "subfile,,start,0,end,0,,:", "pipe:"])
async def test_a_playlist_from_the_network_cannot_play_a_file_of_this_machine(tmp_path, prefix):
    secret = record_video(tmp_path / "secret.ts", frames=10, fps=10)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{prefix}{secret}\n#EXT-X-ENDLIST\n"
    with HlsCamera(playlist=playlist) as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.restarts >= 1)
        assert camera.requests
    assert capture.frames == 0


async def test_the_playlist_that_is_refused_for_a_local_file_plays_with_a_segment_of_its_own():
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsegment0.ts\n#EXT-X-ENDLIST\n"
    with HlsCamera(playlist=playlist) as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.frames >= 5)


async def test_a_server_cannot_redirect_to_a_file_of_this_machine(tmp_path):
    secret = record_video(tmp_path / "secret.ts", frames=10, fps=10)
    with RedirectingCamera() as camera:
        camera.location = f"file://{secret}"
        async with watching(camera.url) as capture:
            await until(lambda: capture.restarts >= 1)
        assert camera.requests
    assert capture.frames == 0


class RedirectingCamera(MjpegCamera):
    """Answers every request with a redirection."""

    location = ""

    def speak(self, peer):
        self.requests.append(peer.recv(4096).decode())
        peer.sendall(f"HTTP/1.1 302 Found\r\nLocation: {self.location}\r\nContent-Length: 0\r\n\r\n".encode())


class DamagedCamera(MjpegCamera):
    """Every second picture is damaged on the way."""

    def jpeg(self, number, *, subsampling=2):
        picture = super().jpeg(number, subsampling=subsampling)
        return picture if number % 2 else b"\xff\xd8" + b"\x00" * 50 + b"\xff\xd9"


class HugeCamera(MjpegCamera):
    """Sends the head of a picture that is over the limit."""

    def jpeg(self, number, *, subsampling=2):
        picture = super().jpeg(number, subsampling=subsampling)
        start = picture.index(b"\xff\xc0") + 5
        return picture[:start] + struct.pack("!HH", 60_000, 60_000) + picture[start + 4 :]


async def test_a_damaged_picture_is_dropped_and_counted_and_the_next_one_is_shown():
    with DamagedCamera() as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.frames >= 10)
    assert capture.dropped >= 5
    assert capture.restarts == 0


async def test_a_picture_over_the_limit_is_not_decoded():
    with HugeCamera() as camera:
        async with watching(camera.url) as capture:
            await until(lambda: capture.last_error)
    assert capture.frames == 0
    assert "expected at most 40000000 pixels" in capture.last_error
