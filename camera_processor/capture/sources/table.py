"""Every kind of camera source, once: parsing, refusals, --help and tests are derived from here. Opens nothing."""

import re

from backbone.errors import BadInput
from camera_processor.capture.sources.device import read_device
from camera_processor.capture.sources.images import read_images
from camera_processor.capture.sources.kind import Source, SourceKind
from camera_processor.capture.sources.network import PROTOCOLS, read_network
from camera_processor.capture.sources.pattern import read_pattern
from camera_processor.capture.sources.reading import without_login
from camera_processor.capture.sources.video import read_video

MAX_TEXT = 4096

SOURCES = (
    SourceKind(
        forms=tuple(f"{scheme}://" for scheme in PROTOCOLS),
        shows="a network camera (over HTTP: MJPEG, or HLS where the path ends in .m3u8)",
        schemes=tuple(PROTOCOLS),
        example="rtsp://user:password@camera:554/live",
        read=read_network,
    ),
    SourceKind(
        forms=("file:PATH?loop=1&realtime=1",),
        shows="a recorded video",
        schemes=("file",),
        example="file:/videos/a.mp4?loop=1",
        read=read_video,
    ),
    SourceKind(
        forms=("images:DIR?fps=5&loop=1",),
        shows="a folder of JPEG, PNG and WebP",
        schemes=("images",),
        example="images:/photos?fps=2.5",
        read=read_images,
    ),
    SourceKind(
        forms=("/dev/videoN", "a camera number"),
        shows="a camera of this machine",
        bare=re.compile(r"/dev/video|[0-9]+\Z"),
        example="/dev/video0",
        read=read_device,
    ),
    SourceKind(
        forms=("test:?fps=10&width=640&height=360",),
        shows="a moving test pattern",
        schemes=("test",),
        example="test:?fps=25",
        read=read_pattern,
    ),
)
_FORMS = [form for kind in SOURCES for form in kind.forms]
EXPECTED = f"expected {', '.join(_FORMS[:-1])} or {_FORMS[-1]}"
HELP = "; ".join(f"{', '.join(kind.forms)}: {kind.shows}" for kind in SOURCES)


def parse_source(text: str) -> Source:
    """Read a source's text; raises BadInput that says what was expected and what came, without credentials."""
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise BadInput(f"source: {EXPECTED}, at most {MAX_TEXT} characters; got {len(text)} characters")
    for kind in SOURCES:
        if kind.claims(text):
            return kind.read(text)
    raise BadInput(f"source: {EXPECTED}; got {without_login(text)[:80]!r}")
