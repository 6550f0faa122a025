"""Where a camera's pictures come from, read from one line of text. Opens nothing and asks nobody.

rtsp:// rtsps:// http:// https://        a network camera (MJPEG or an HLS playlist over HTTP)
file:PATH?loop=1&realtime=1              a recorded video
images:DIR?fps=5&loop=1                  a folder of JPEG, PNG and WebP
/dev/videoN or N                         a local camera
test:?fps=10&width=640&height=360        a moving test pattern
"""

import re
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from backbone.errors import BadInput

MAX_TEXT = 4096
MAX_PIXELS = 40_000_000
EXPECTED = (
    "expected rtsp://, rtsps://, http://, https://, file:PATH?loop=1&realtime=1, images:DIR?fps=5&loop=1, "
    "/dev/videoN, a camera number or test:?fps=10&width=640&height=360"
)
_USERINFO = re.compile(r"(?<=://)[^/\s@]*(?:@[^/\s@]*)*(?=@)")
_ANY_LOGIN = re.compile(r"(?<=://).*(?=@)", re.DOTALL)  # for refusals: a login that is not written as it must be
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """A camera behind a URL. Only `redacted` may be shown to anybody."""

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


@dataclass(frozen=True, slots=True)
class _OpenSource:
    """What all sources share whose text holds no secret."""

    text: str

    @property
    def redacted(self) -> str:
        """The text itself: there is nothing to hide in it."""
        return self.text

    def scrub(self, text: str) -> str:
        """Return `text` unchanged."""
        return text


@dataclass(frozen=True, slots=True)
class FileSource(_OpenSource):
    """A recorded video; `realtime` plays it at its own pace, else as fast as the reader takes it."""

    path: str
    loop: bool = False
    realtime: bool = False

    @property
    def newest_only(self) -> bool:
        """True when a slow reader loses pictures, False when the file waits for the reader."""
        return self.realtime


@dataclass(frozen=True, slots=True)
class ImagesSource(_OpenSource):
    """A folder of pictures in the order of their names; without `fps` as fast as the reader takes them."""

    directory: str
    fps: float | None = None
    loop: bool = False

    @property
    def newest_only(self) -> bool:
        """True when a slow reader loses pictures, False when the folder waits for the reader."""
        return self.fps is not None


@dataclass(frozen=True, slots=True)
class DeviceSource(_OpenSource):
    """A camera of this machine, by its V4L2 device."""

    path: str
    newest_only = True


@dataclass(frozen=True, slots=True)
class PatternSource(_OpenSource):
    """A moving pattern with a burnt-in frame counter; width and height in pixels."""

    fps: float = 10.0
    width: int = 640
    height: int = 360
    newest_only = True


Source: TypeAlias = NetworkSource | FileSource | ImagesSource | DeviceSource | PatternSource


def parse_source(text: str) -> Source:
    """Read a source's text; raises BadInput that says what was expected and what came, without credentials."""
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise BadInput(f"source: {EXPECTED}, at most {MAX_TEXT} characters; got {len(text)} characters")
    if text.isascii() and text.isdigit():
        return _device(text, text)
    if text.startswith("/dev/video"):
        return _device(text, text.removeprefix("/dev/video"))
    scheme, _, rest = text.partition(":")
    match scheme.lower():
        case "rtsp" | "rtsps" | "http" | "https":
            return _network(text)
        case "file":
            return _file(text, rest)
        case "images":
            return _images(text, rest)
        case "test":
            return _pattern(text, rest)
    raise BadInput(f"source: {EXPECTED}; got {_ANY_LOGIN.sub('***', text)[:80]!r}")


def _device(text: str, number: str) -> DeviceSource:
    if not re.fullmatch(r"[0-9]{1,3}", number):
        raise BadInput(f"source: expected /dev/videoN or N with N from 0 to 999; got {text[:80]!r}")
    return DeviceSource(text, f"/dev/video{int(number)}")


def _network(text: str) -> NetworkSource:
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
        shown = _ANY_LOGIN.sub("***", text).partition("?")[0]
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


def _file(text: str, rest: str) -> FileSource:
    path, query = _path_and_query(text, rest, allowed=("loop", "realtime"))
    return FileSource(text, path, loop=_flag(query, "loop"), realtime=_flag(query, "realtime"))


def _images(text: str, rest: str) -> ImagesSource:
    path, query = _path_and_query(text, rest, allowed=("fps", "loop"))
    fps = _number(query, "fps", 0.01, 120.0, 0.0) or None
    return ImagesSource(text, path, fps=fps, loop=_flag(query, "loop"))


def _pattern(text: str, rest: str) -> PatternSource:
    path, _, asked = rest.partition("?")
    if path:
        raise BadInput(f"source: expected test: or test:?fps=..&width=..&height=..; got {text[:80]!r}")
    query = _query(asked, allowed=("fps", "width", "height"))
    fps = _number(query, "fps", 0.01, 120.0, 10.0)
    width, height = (int(_number(query, name, 64, 16_384, size)) for name, size in (("width", 640), ("height", 360)))
    if width * height > MAX_PIXELS:
        raise BadInput(f"source: expected a test picture of at most {MAX_PIXELS} pixels; got {width}x{height}")
    return PatternSource(text, fps, width, height)


def _path_and_query(text: str, rest: str, *, allowed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    path, _, asked = rest.partition("?")
    if path.startswith("///"):
        path = path.removeprefix("//")
    if not path or path.startswith("//") or "\0" in path:
        raise BadInput(f"source: expected a path on this machine after {text.partition(':')[0]}:; got {text[:80]!r}")
    return path, _query(asked, allowed=allowed)


def _query(asked: str, *, allowed: tuple[str, ...]) -> dict[str, str]:
    query: dict[str, str] = {}
    for piece in filter(None, asked.split("&")):
        key, _, value = piece.partition("=")
        if key not in allowed or key in query:
            raise BadInput(
                f"source: expected each of {', '.join(allowed)} at most once after the ?; got {piece[:80]!r}"
            )
        query[key] = value
    return query


def _flag(query: dict[str, str], key: str) -> bool:
    value = query.get(key, "0")
    if value not in {"0", "1"}:
        raise BadInput(f"source: expected {key}=0 or {key}=1; got {key}={value[:40]!r}")
    return value == "1"


def _number(query: dict[str, str], key: str, low: float, high: float, default: float) -> float:
    """Read a plain decimal number; whole when both borders are ints."""
    if key not in query:
        return default
    value = query[key]
    shape = r"[0-9]{1,6}" if isinstance(low, int) else r"[0-9]{1,6}(\.[0-9]{1,6})?"
    if not re.fullmatch(shape, value) or not low <= float(value) <= high:
        kind = "whole number" if isinstance(low, int) else "number"
        raise BadInput(f"source: expected {key} as a {kind} from {low:g} to {high:g}; got {key}={value[:40]!r}")
    return float(value)
