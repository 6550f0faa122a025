"""Which sources an allow-list lets pass, and what hostile texts try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import BadInput
from fleet_agent.domain.source_rules import check_source, path_matches, read_rule, shown_source


def allows(rule: str, source: str) -> bool:
    try:
        check_source(source)
    except BadInput:
        return False
    return read_rule(rule).allows(source)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("rtsp://camera-7", "rtsp://camera-7/stream"),
        ("rtsp://camera-7", "RTSP://Camera-7:554/stream?channel=1"),
        ("rtsp://camera-7:8554", "rtsp://camera-7:8554/a/b"),
        ("rtsp://camera-7:*", "rtsp://camera-7:9/"),
        ("rtsp://*.cameras.example", "rtsp://gate.cameras.example/1"),
        ("rtsp://10.0.0.0/24", "rtsp://10.0.0.77/1"),
        ("rtsp://10.0.0.0/24:8554", "rtsp://10.0.0.77:8554/1"),
        ("http://[fd00::]/64", "http://[fd00::7]/live.m3u8"),
        ("http://10.1.2.3", "http://10.1.2.3/"),
        ("https://*", "https://anything.example/x"),
        ("file:/footage/*.mp4", "file:/footage/north.mp4?loop=1&realtime=1"),
        ("images:/footage/*", "images:/footage/gate?fps=5&loop=1"),
        ("test:", "test:"),
        ("test:", "test:?fps=10&width=640&height=360"),
    ],
)
def test_what_a_rule_names_passes(rule, source):
    assert allows(rule, source)


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("rtsp://camera-7", "http://camera-7/stream"),
        ("rtsp://camera-7", "rtsp://camera-7:555/"),
        ("rtsp://camera-7", "rtsp://camera-77/"),
        ("rtsp://camera-7", "rtsp://camera-7.evil.example/"),
        ("rtsp://camera-7", "rtsp://evil.example/camera-7"),
        ("rtsp://camera-7", "rtsp://evil.example#camera-7"),
        ("rtsp://camera-7", "rtsp://camera-7#@evil.example"),
        ("rtsp://camera-7", "rtsp://camera-7@evil.example/"),
        ("rtsp://camera-7", "rtsp://evil.example\\@camera-7/"),
        ("rtsp://camera-7", "rtsp://camera-7 evil.example/"),
        ("rtsp://camera-7", "rtsp://camera-7\n/"),
        ("rtsp://camera-7", "rtsp://camera-7:/"),
        ("rtsp://camera-7", "rtsp://camera-7:554x/"),
        ("rtsp://camera-7", "rtsp://camera-7./"),
        ("rtsp://camera-7", "rtsp:camera-7"),
        ("rtsp://*:*", "rtsp:///etc/passwd"),
        ("rtsp://*:*", "file:/etc/passwd"),
        ("rtsp://*.cameras.example", "rtsp://cameras.example/"),
        ("rtsp://*.cameras.example", "rtsp://a.b.cameras.example/"),
        ("rtsp://*.cameras.example", "rtsp://.cameras.example/"),
        ("rtsp://10.0.0.0/24", "rtsp://10.0.1.1/"),
        ("rtsp://10.0.0.0/24", "rtsp://10.0.0.evil/"),
        ("rtsp://10.0.0.0/24", "rtsp://010.0.0.1/"),
        ("rtsp://10.0.0.0/24", "rtsp://0x0a.0.0.1/"),
        ("rtsp://10.0.0.0/24", "rtsp://167772161/"),
        ("rtsp://10.0.0.0/24", "rtsp://[::ffff:10.0.0.1]/"),
        ("file:/footage/*.mp4", "file:/footage/../etc/passwd.mp4"),
        ("file:/footage/*.mp4", "file:/footage/a/../../etc/shadow.mp4"),
        ("file:/footage/*.mp4", "file:/footage/deep/er.mp4"),
        ("file:/footage/*.mp4", "file:/footage//north.mp4"),
        ("file:/footage/*.mp4", "file:///footage/north.mp4"),
        ("file:/footage/*.mp4", "file:footage/north.mp4"),
        ("file:/footage/*.mp4", "file:/footage/.hidden.mp4"),
        ("file:/footage/*.mp4", "file:/footage/%2e%2e.mp4"),
        ("file:/footage/*.mp4", "file:/footage/-rf.mp4"),
        ("file:/footage/*.mp4", "file:/footage/north.mp4\0.txt"),
        ("file:/footage/*.mp4", "file:/footage/north.mp4?loop=1;rm"),
        ("file:/footage/*.mp4", "images:/footage/north.mp4"),
        ("images:/footage/*", "images:/footage/.."),
        ("test:", "test:?x=$(id)"),
        ("test:", "test:/etc/passwd"),
        ("test:", "test"),
        ("test:", "--source"),
        ("rtsp://*", "-rtsp://camera/"),
        pytest.param("rtsp://*", "rtsp://" + "a" * 5_000, id="huge"),
        ("rtsp://*", "rtsp://\uff43amera/"),
        ("rtsp://*", ""),
    ],
)
def test_what_no_rule_names_is_kept_out(rule, source):
    assert not allows(rule, source)


@pytest.mark.parametrize(
    "text",
    [
        *["", "*", "rtsp", "rtsp://", "rtsp://10.0.0.*", "rtsp://10.*", "gopher://x", "rtsp://camera/path", "file:"],
        *["file:/", "file:/a/../b", "file:relative", "images:/a b", "rtsp://10.0.0.1/24", "rtsp://10.0.0.0/99"],
        *["rtsp://x:0", "rtsp://x:70000", "rtsp://.x", "rtsp://user:pw@camera", "test:?fps=1", "rtsp://camera-7\n"],
        pytest.param("http://" + "a" * 300, id="huge"),
    ],
)
def test_a_rule_that_is_none_is_refused(text):
    with pytest.raises(BadInput, match="sources: expected"):
        read_rule(text)


def test_a_login_is_refused_without_being_shown():
    with pytest.raises(BadInput, match="named_sources") as refused:
        check_source("rtsp://admin:hunter2@10.0.0.7/1")
    assert "hunter2" not in refused.value.message


def test_a_source_is_shown_without_its_query():
    assert shown_source("http://10.0.0.7/live?token=hunter2") == "http://10.0.0.7/live"


@given(st.text(alphabet="abc./\\*?%-_\0\n~", max_size=40))
def test_no_path_leaves_the_folder_of_its_rule(path):
    if path_matches(path, "/abc/*"):
        assert path.startswith("/abc/")
        assert "/" not in path.removeprefix("/abc/")
        assert path.removeprefix("/abc/") not in {"", ".", ".."}


@given(st.text(max_size=200))
def test_any_text_is_answered_and_never_passes_a_network_rule_without_its_scheme(text):
    if allows("rtsp://10.0.0.0/24", text):
        assert text.lower().startswith("rtsp://10.0.0.")
