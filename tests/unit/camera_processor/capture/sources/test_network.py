"""A network camera is read from its URL, and its credentials are shown nowhere."""

import pytest

from backbone.errors import BadInput
from camera_processor.capture.sources.network import PROTOCOLS, NetworkSource, read_network


@pytest.mark.parametrize("scheme", [*PROTOCOLS, "RTSP"])
def test_a_network_camera_is_its_url(scheme):
    source = read_network(f"{scheme}://10.0.0.5:554/live")
    assert isinstance(source, NetworkSource)
    assert source.text == f"{scheme}://10.0.0.5:554/live"
    assert source.scheme == scheme.lower()
    assert source.newest_only


def test_an_hls_playlist_is_known_by_its_name():
    assert read_network("https://host/a/live.M3U8?token=abcdef").segmented
    assert not read_network("http://host/video.mjpg").segmented


def test_credentials_are_in_no_text_that_is_shown():
    source = read_network("http://admin:p%40ssw0rd@10.0.0.5:8080/video?channel=1&token=abcdef")
    assert source.redacted == "http://***@10.0.0.5:8080/video?channel=***&token=***"
    for shown in (source.redacted, repr(source), str(source)):
        for secret in ("admin", "p%40ssw0rd", "p@ssw0rd", "abcdef"):
            assert secret not in shown


def test_credentials_are_taken_out_of_what_a_library_says():
    source = read_network("rtsp://admin:p%40ssw0rd@10.0.0.5/live?token=abcdef")
    said = source.scrub(
        "rtsp://admin:p%40ssw0rd@10.0.0.5/live?token=abcdef: 401; user admin, password p@ssw0rd, token=abcdef, "
        "redirected to http://other:pair@10.0.0.6/"
    )
    assert said == (
        "rtsp://***@10.0.0.5/live?token=***: 401; user ***, password ***, token=***, redirected to http://***@10.0.0.6/"
    )


@pytest.mark.parametrize("protocols", PROTOCOLS.values())
def test_no_network_camera_may_make_ffmpeg_open_a_file_of_this_machine(protocols):
    assert not {"file", "concat", "subfile", "pipe", "data"} & set(protocols.split(","))


@pytest.mark.parametrize(
    "text",
    [
        "rtsp:/host/live",
        "rtsp://",
        "http://host:99999/",
        "http://host:0/",
        "http://[::1/",
        "http://host/a b",
        "http://host/a#b",
        "http://host/a\r\nX-Evil: 1",
    ],
)
def test_another_url_is_refused(text):
    with pytest.raises(BadInput, match="expected scheme://"):
        read_network(text)
