"""The text of a source is read strictly, and shown without credentials."""

import pytest

from backbone.errors import BadInput
from camera_processor.capture.sources.device import DeviceSource
from camera_processor.capture.sources.images import ImagesSource
from camera_processor.capture.sources.pattern import PatternSource
from camera_processor.capture.sources.table import EXPECTED, HELP, SOURCES, parse_source
from camera_processor.capture.sources.video import VideoSource


@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.example)
def test_every_kind_reads_its_own_example_and_nobody_elses(kind):
    assert [other for other in SOURCES if other.claims(kind.example)] == [kind]
    source = parse_source(f" {kind.example} ")
    assert source.text == kind.example
    assert source.redacted
    assert source.scrub("all is well") == "all is well"
    assert isinstance(source.newest_only, bool)


@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.example)
def test_every_kind_is_told_in_help_and_in_refusals(kind):
    assert kind.shows in HELP
    for form in kind.forms:
        assert form in HELP
        assert form in EXPECTED


def test_no_scheme_is_of_two_kinds():
    schemes = [scheme for kind in SOURCES for scheme in kind.schemes]
    assert len(schemes) == len(set(schemes))
    assert all(scheme == scheme.lower() for scheme in schemes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:/a/b.mp4", VideoSource("file:/a/b.mp4", "/a/b.mp4")),
        ("file:b.mp4?loop=1", VideoSource("file:b.mp4?loop=1", "b.mp4", loop=True)),
        (
            "file:///a/b.mp4?realtime=1&loop=0",
            VideoSource("file:///a/b.mp4?realtime=1&loop=0", "/a/b.mp4", False, True),
        ),
        ("images:photos", ImagesSource("images:photos", "photos")),
        ("images:/p?fps=2.5&loop=1", ImagesSource("images:/p?fps=2.5&loop=1", "/p", 2.5, True)),
        ("/dev/video12", DeviceSource("/dev/video12", "/dev/video12")),
        ("0", DeviceSource("0", "/dev/video0")),
        ("test:", PatternSource("test:", 10.0, 640, 360)),
        ("test:?fps=25&width=1280&height=720", PatternSource("test:?fps=25&width=1280&height=720", 25.0, 1280, 720)),
    ],
)
def test_a_source_is_read_from_its_text(text, expected):
    assert parse_source(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected rtsp://"),
        ("   ", "expected rtsp://"),
        ("x" * 5000, "at most 4096 characters"),
        ("ftp://host/a.mp4", "expected rtsp://"),
        ("/home/me/a.mp4", "expected rtsp://"),
        ("concat:a.ts|b.ts", "expected rtsp://"),
        ("pipe:0", "expected rtsp://"),
        ("data:video/mp4;base64,AAAA", "expected rtsp://"),
        ("subfile,,start,0,end,9,,:/etc/passwd", "expected rtsp://"),
        ("-1", "expected rtsp://"),
        ("1e3", "expected rtsp://"),
        ("٣", "expected rtsp://"),
        ("/dev/video", "expected /dev/videoN"),
        ("/dev/video0/../sda", "expected /dev/videoN"),
        ("1234", "expected /dev/videoN"),
        ("rtsp:/host/live", "expected scheme://"),
        ("rtsp://", "expected scheme://"),
        ("http://host:99999/", "expected scheme://"),
        ("http://host:0/", "expected scheme://"),
        ("http://[::1/", "expected scheme://"),
        ("http://host/a b", "expected scheme://"),
        ("http://host/a#b", "expected scheme://"),
        ("http://host/a\r\nX-Evil: 1", "expected scheme://"),
        ("file:", "expected a path"),
        ("file:?loop=1", "expected a path"),
        ("file://host/share.mp4", "expected a path"),
        ("file:a.mp4\0.jpg", "expected a path"),
        ("file:a.mp4?loop=yes", "expected loop=0 or loop=1; got loop='yes'"),
        ("file:a.mp4?speed=2", "expected each of loop, realtime at most once"),
        ("file:a.mp4?loop=1&loop=0", "at most once"),
        ("images:d?fps=0", "expected fps as a number from 0.01 to 120; got fps='0'"),
        ("images:d?fps=nan", "expected fps"),
        ("images:d?fps=-5", "expected fps"),
        ("test:pattern", "expected test:"),
        ("test:?fps=1000", "expected fps"),
        ("test:?width=12.5", "expected width as a whole number"),
        ("test:?width=1e3", "expected width"),
        ("test:?width=16384&height=16384", "expected a test picture of at most 40000000 pixels"),
    ],
)
def test_another_text_is_refused_and_told_what_was_expected(text, said):
    with pytest.raises(BadInput) as refused:
        parse_source(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(
    "text",
    [
        "ftp://admin:s3cret@host/",
        "http://admin:s3cret@host:x/",
        "http://admin:s3cret@",
        "rtsp://admin:s3cret/more@host/live",
        "rtsp://admin:123/s3cret@host/live",
        "rtsp://admin:123?s3cret@host/live",
        "rtsp://admin:123#s3cret@host/live",
        "rtsp://admin:s3cret more@host/live",
    ],
)
def test_a_refusal_does_not_show_credentials(text):
    with pytest.raises(BadInput) as refused:
        parse_source(text)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "newest_only"),
    [("test:", True), ("0", True), ("file:a", False), ("file:a?realtime=1", True), ("images:a", False)],
)
def test_only_what_waits_for_its_reader_delivers_every_picture(text, newest_only):
    assert parse_source(text).newest_only is newest_only
