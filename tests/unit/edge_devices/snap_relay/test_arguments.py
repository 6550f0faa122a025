"""How a relay is written."""

import pytest

from edge_devices.snap_relay.arguments import relay_url


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("192.168.7.1", "ws://192.168.7.1:8000/snap"),
        ("host:9000", "ws://host:9000/snap"),
        ("[fd00::1]:9000", "ws://[fd00::1]:9000/snap"),
        ("ws://host:8080/", "ws://host:8080/"),
        ("wss://host/snap", "wss://host/snap"),
    ],
)
def test_a_relay_is_written_as_people_write_it(written, url):
    assert relay_url(written) == url


@pytest.mark.parametrize("written", ["", "http://host/", "ws://", "ws://host:99999/", "host:99999"])
def test_what_is_no_relay_is_refused(written):
    with pytest.raises(ValueError, match=r"expected host|out of range"):
        relay_url(written)
