"""Uploads at the door: who may not come in is told before the body is read, and the rest is bounded."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from backbone.web.legacy_fields import MAX_AT_ONCE, MAX_BODY_BYTES, MAX_PARTS
from tests.contract.tokens import key, token
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

PATHS = ("/", "/api/cases")


def begin(house: Role, path: str, length: int, **headers: str) -> socket.socket:
    """Send the head of a request and a piece of its body, no more."""
    place = urlsplit(house.url)
    opened = socket.create_connection((place.hostname, place.port), timeout=ANSWER_SECONDS)
    lines = {"Host": place.netloc, "Content-Length": str(length), "Content-Type": "multipart/form-data; boundary=x"}
    head = "".join(f"{name}: {value}\r\n" for name, value in (lines | headers).items())
    opened.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n--x\r\n".encode())
    return opened


def status(opened: socket.socket) -> int:
    with opened.makefile("rb") as lines:
        return int(lines.readline().split(b" ")[1])


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_refused_before_the_body_is_read(closed_house: Role, path: str) -> None:
    with begin(closed_house, path, 40_000_000) as opened:
        assert status(opened) == 401


@pytest.mark.parametrize("path", PATHS)
def test_what_is_too_large_is_refused_before_it_is_read(closed_house: Role, path: str) -> None:
    with begin(closed_house, path, MAX_BODY_BYTES + 1, Authorization=f"Bearer {token()}") as opened:
        assert status(opened) == 413


def test_other_paths_take_no_large_bodies(closed_house: Role) -> None:
    with begin(closed_house, "/api/session", 2_000_000) as opened:
        assert status(opened) in {400, 413}


def test_uploads_at_once_are_bounded_and_let_go(closed_house: Role) -> None:
    allowed = {"Authorization": f"Bearer {token()}"}
    has_place = {"Expect": "100-continue"}  # is answered once the upload holds a place

    def answer() -> requests.Response:
        return requests.post(
            f"{closed_house.url}/api/cases", files={"name": "Anna"}, headers=allowed, timeout=ANSWER_SECONDS
        )

    with ExitStack() as stack:
        for number in range(MAX_AT_ONCE):
            # Without waiting for its place, the question below could come before the last of them and take it.
            opened = stack.enter_context(begin(closed_house, PATHS[number % 2], 1000, **allowed | has_place))
            assert status(opened) == 100
        assert answer().status_code == 503
        assert answer().json()["code"] == "unavailable"
    wait_until(lambda: answer().status_code == 400, "room again")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 5),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * (MAX_PARTS + 1) + b"--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="requestType"; filename="f"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("multipart/form-data; boundary=x", b""),
        ("application/json", b"[1]"),
        ("application/json", b'{"requestType": NaN}'),
        ("application/json", b'{"requestType": "match", "requestType": "getState"}'),
        ("application/json", b'{"requestType": ["match"]}'),
        ("application/json", b'{"requestType": "' + b"x" * 20_000 + b'"}'),
        ("text/plain", b"requestType=match"),
        ("application/x-www-form-urlencoded", b"requestType=%ff"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_broken_bodies_are_refused_in_words(house: Role, path: str, kind: str, body: bytes) -> None:
    answer = requests.post(house.url + path, data=body, headers={"Content-Type": kind}, timeout=ANSWER_SECONDS)
    assert answer.status_code in {400, 413}, answer.text
    assert "expected" in answer.json()["detail"]


@pytest.fixture(scope="module")
def legacy_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Role]:
    """An orchestrator that asks for tokens, but not of this machine's cloudlets."""
    file = tmp_path_factory.mktemp("keys") / "public.pem"
    file.write_text(key("ES256").public)
    environment = {"PUBLIC_KEY_FILE": str(file), "LEGACY_NETWORKS": "127.0.0.0/8"}
    with role("processor_orchestrator", "--port", "0", environment=environment) as running:
        running.wait_for_event("loaded")
        yield running


def test_a_legacy_network_opens_the_registry_and_nothing_else(legacy_house: Role) -> None:
    joining = {"requestType": "cloudJoinReq", "cloudIP": "127.0.0.1", "cloudPort": "8100"}
    assert requests.post(f"{legacy_house.url}/", files=joining, timeout=ANSWER_SECONDS).status_code == 200
    told = requests.post(
        f"{legacy_house.url}/", files={"requestType": "phoneJoinReq", "id": "1"}, timeout=ANSWER_SECONDS
    )
    assert told.json() == {"IP": "127.0.0.1", "port": "8100"}
    elsewhere = requests.post(f"{legacy_house.url}/", files=joining | {"cloudIP": "10.0.0.1"}, timeout=ANSWER_SECONDS)
    assert elsewhere.status_code == 403
    assert requests.get(f"{legacy_house.url}/api/cloudlets", timeout=ANSWER_SECONDS).status_code == 401
    assert (
        requests.post(f"{legacy_house.url}/api/cases", files={"name": "x"}, timeout=ANSWER_SECONDS).status_code == 401
    )


def test_a_bad_token_is_no_better_for_a_legacy_network(legacy_house: Role) -> None:
    for made, expected in ((token(roles=["phone"]), 403), ("nonsense", 401)):
        answer = requests.post(
            f"{legacy_house.url}/",
            files={"requestType": "heartbeat"},
            headers={"Authorization": f"Bearer {made}"},
            timeout=ANSWER_SECONDS,
        )
        assert answer.status_code == expected


def test_with_a_token_a_cloudlet_may_name_another_address(legacy_house: Role) -> None:
    answer = requests.post(
        f"{legacy_house.url}/",
        files={"requestType": "cloudJoinReq", "cloudIP": "cloudlet-1", "cloudPort": "8100", "epoch": "run-1"},
        headers={"Authorization": f"Bearer {token(roles=['cloudlet'])}"},
        timeout=ANSWER_SECONDS,
    )
    assert answer.status_code == 200
