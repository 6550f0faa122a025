"""A network camera, by its URL, whose credentials are shown to nobody. Opens nothing; `opencv` does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from backbone.errors import BadInput
from camera_processor.capture.sources.pace import Picture, Stage
from camera_processor.capture.sources.reading import without_login

# What a peer may make FFmpeg open, by the scheme of its URL. `file` must be in none: a playlist from the network could
# then play this machine's files (tests/unit/camera_processor/capture/sources/test_opencv.py).
PROTOCOLS = {
    "rtsp": "rtsp,rtp,tcp,udp",
    "rtsps": "rtsp,rtp,tcp,udp,tls",
    "http": "http,https,tcp,tls,crypto",
    "https": "http,https,tcp,tls,crypto",
}
_USERINFO = re.compile(r"(?<=://)[^/\s@]*(?:@[^/\s@]*)*(?=@)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """A camera behind a URL: RTSP over TCP, MJPEG over HTTP, or an HLS playlist."""

    redacted: str
    text: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    newest_only = True

    @property
    def scheme(self) -> str:
        """The URL's scheme in lower case."""
        return self.text.partition(":")[0].lower()

    @property
    def segmented(self) -> bool:
        """True for HLS, whose pictures arrive in bursts of one segment."""
        return urlsplit(self.text).path.lower().endswith((".m3u8", ".m3u"))

    def scrub(self, text: str) -> str:
        """Return `text` without this source's user, password and query values, and without any URL's."""
        text = _USERINFO.sub("***", text.replace(self.text, self.redacted))
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
        """Play it with FFmpeg."""
        from camera_processor.capture.sources import opencv  # noqa: PLC0415 - cv2 only in the child

        camera = opencv.NetworkCamera(
            self.text,
            name=self.redacted,
            protocols=PROTOCOLS[self.scheme],
            rtsp=self.scheme.startswith("rtsp"),
            in_bursts=self.segmented,
        )
        return opencv.play_network(camera, stage, timeout=timeout)


def read_network(text: str) -> NetworkSource:
    """Read a URL; its scheme is one of `PROTOCOLS`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, None
    if (
        parts is None
        or not host
        or port == 0
        or not text.partition(":")[2].startswith("//")
        or "#" in text
        or "@" in parts.path + parts.query
        or _UNSAFE.search(text)
    ):
        shown = without_login(text).partition("?")[0]
        raise BadInput(
            "source: expected scheme://[user:password@]host[:port]/path with blanks, /, ?, # and @ in a name or "
            f"password written as %20, %2F, %3F, %23 and %40; got {shown[:80]!r}"
        )
    return NetworkSource(_redact(parts), text, _secrets(parts))


def _redact(parts: SplitResult) -> str:
    login, at, address = parts.netloc.rpartition("@")
    keys = [piece.partition("=")[0] for piece in parts.query.split("&") if piece]
    query = "?" + "&".join(f"{key}=***" for key in keys) if keys else ""
    return f"{parts.scheme}://{'***' if login else ''}{at}{address}{parts.path}{query}"


def _secrets(parts: SplitResult) -> tuple[str, ...]:
    """Return what must never be shown, longest first; texts under 3 characters would only garble a message."""
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    values = [piece.partition("=")[2] for piece in parts.query.split("&")]
    found = {form for secret in (user, password, *values) for form in (secret, unquote(secret))}
    return tuple(sorted((secret for secret in found if len(secret) > 2), key=len, reverse=True))
