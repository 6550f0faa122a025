"""What a device takes for an order, and what it is told by its arguments."""

import json

import pytest

from edge_devices.snapping import words
from edge_devices.snapping.device_options import read_camera_options, read_snap_options, relay_url
from edge_devices.snapping.words import Order, order_in


def order(text):
    return order_in(text, "roof-2", ("roof", "north"))


def test_the_plain_word_and_the_message_are_orders():
    assert order("snap") == Order(legacy=True)
    for to in ("all", "roof-2", "roof"):
        assert order(words.snap("7", to, 20)) == Order("7", 20.0)
    assert order(json.dumps({"type": "snap", "to": "all", "snapId": "7", "legacy": True})) == Order("7", 10.0, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stop",
        "Ready for capture",
        "{",
        "[" * 100_000,
        "{" * 60_000,
        words.snap("7", "attic", 5),
        words.snap("7", "roof-1", 5),
        words.hello("roof-2", ()),
        json.dumps({"type": "snap", "to": "all"}),
        json.dumps({"type": "snap", "to": "all", "snapId": 7}),
        json.dumps({"type": "snap", "to": "all", "snapId": "7", "deadlineSeconds": True}),
        json.dumps({"type": "snap", "to": "all", "snapId": "x" * 70_000}),
    ],
)
def test_whatever_else_comes_is_no_order(text):
    assert order(text) is None


def test_deadlines_are_kept_within_reason():
    assert order(words.snap("7", "all", 1e9)).seconds == 120.0
    assert order(words.snap("7", "all", -5)).seconds == 0.5


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


def test_a_camera_is_told_where_to_put_its_pictures(tmp_path):
    token = tmp_path / "token"
    token.write_text("secret\n")
    told = read_camera_options(
        ["wss://host:9/snap", "--device-id", "a", "--groups", "x, y,", "--folder", str(tmp_path)],
        {"JWT_FILE": str(token)},
    )
    assert (told.api, told.device_id, told.groups, told.token) == ("https://host:9", "a", ("x", "y"), "secret")
    assert (told.source, told.warm_up) == ("0", 2.0)
    assert read_camera_options(["host", "--api", "http://api:1"], {}).api == "http://api:1"


@pytest.mark.parametrize(
    "more",
    [
        ["--device-id", "all"],
        ["--device-id", "a b"],
        ["--groups", "../x"],
        ["--warm-up", "61"],
        ["--folder", "/nonexistent"],
        ["--api", "ftp://x"],
        ["--token-file", "/nonexistent"],
    ],
)
def test_a_command_that_is_not_understood_ends_with_2(more, capsys):
    with pytest.raises(SystemExit) as end:
        read_camera_options(["host", *more], {})
    assert end.value.code == 2
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--to", "a b"], ["--deadline", "0"], ["--deadline", "121"]])
def test_a_request_that_is_not_understood_ends_with_2(more):
    with pytest.raises(SystemExit) as end:
        read_snap_options(["host", *more], {})
    assert end.value.code == 2
