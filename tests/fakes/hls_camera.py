"""A fake HLS server: a live playlist of MPEG-TS segments made on the spot. Not a player's test suite (RFC 8216)."""

import socket
import tempfile
import time
from pathlib import Path

import cv2

from tests.fakes.cameras import Behaviour, FakeCamera, draw_picture, read_head

SEGMENT_SECONDS = 1
WINDOW = 4


class HlsCamera(FakeCamera):
    """Serves /live.m3u8, whose window moves with the clock, and /segment<N>.ts, all from one recorded second.

    `playlist` replaces the playlist's text: a hostile server is one that lists what it should not.
    """

    scheme = "http"
    path = "/live.m3u8"

    def __init__(self, *, fps: float = 10.0, size: tuple[int, int] = (160, 120), playlist: str | None = None) -> None:
        self.playlist = playlist
        self._began = time.monotonic()
        self._segment = record_segment(fps=fps, size=size)
        super().__init__(fps=fps, size=size)

    def speak(self, peer: socket.socket) -> None:
        while True:
            head = read_head(peer)
            self.requests.append(head)
            self.pause(0.0)
            target = head.split(" ")[1]
            if self.behaviour is Behaviour.MISSING:
                reply(peer, "404 Not Found", "text/plain", b"")
            elif target.endswith(".m3u8"):
                reply(peer, "200 OK", "application/vnd.apple.mpegurl", self._list().encode())
            else:
                reply(peer, "200 OK", "video/mp2t", self._segment)

    def _list(self) -> str:
        if self.playlist is not None:
            return self.playlist
        newest = WINDOW + int((time.monotonic() - self._began) / SEGMENT_SECONDS)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}"]
        lines += [f"#EXT-X-MEDIA-SEQUENCE:{newest - WINDOW}", f"#EXT-X-DISCONTINUITY-SEQUENCE:{newest - WINDOW}"]
        for number in range(newest - WINDOW, newest):
            lines += ["#EXT-X-DISCONTINUITY", f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"segment{number}.ts"]
        return "\n".join(lines) + "\n"


def reply(peer: socket.socket, status: str, kind: str, body: bytes) -> None:
    peer.sendall(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def record_segment(*, fps: float, size: tuple[int, int]) -> bytes:
    """Encode one segment's worth of MPEG-4 in MPEG-TS with the FFmpeg that cv2 carries."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "segment.ts"
        record_video(path, frames=int(fps * SEGMENT_SECONDS), fps=fps, size=size)
        return path.read_bytes()


def record_video(path: Path, *, frames: int, fps: float, size: tuple[int, int] = (160, 120)) -> Path:
    """Write a moving test picture as MPEG-4 into a .ts or .mp4 file."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    assert writer.isOpened()
    for number in range(frames):
        writer.write(cv2.cvtColor(draw_picture(number, size), cv2.COLOR_RGB2BGR))
    writer.release()
    return path
