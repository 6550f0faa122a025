"""The text of a source is read strictly, and shown without credentials."""

import pytest

from backbone.errors import BadInput
from camera_processor.capture.sources.table import EXPECTED, HELP, SOURCES, parse_source


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
    ],
)
def test_another_text_is_refused_and_told_what_was_expected(text, said):
    with pytest.raises(BadInput) as refused:
        parse_source(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("kind", SOURCES, ids=lambda kind: kind.example)
def test_every_kind_refuses_a_long_text_in_few_words(kind):
    with pytest.raises(BadInput) as refused:
        parse_source(f"{kind.example.partition(':')[0]}:{'?' * 4000}")
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
