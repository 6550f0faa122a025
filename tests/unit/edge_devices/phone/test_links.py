"""The two ways out of a device, against a small HTTP server that answers what the test says."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from edge_devices.link_session import new_session
from edge_devices.phone.cloudlet_link import BatchRefused, CloudletAway, CloudletLink
from edge_devices.phone.server_link import Address, NotLetIn, ServerLink, ServersAway
from edge_devices.phone.zip_batches import Batch
from tests.fakes.legacy_peers import fields_of
from tests.processes import free_port

BATCH = Batch("batch-1", (Path("secret-folder/a.jpg"),), bytes(range(256)) * 4096)


class Peer:
    """Answers each request with the next of `answers`, the last one for ever; None hangs up."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes] | None] = [(200, b"{}")]
        self.got: list[tuple[dict[str, str], dict[str, tuple[str, bytes]]]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = Address("127.0.0.1", int(self._http.server_address[1]))
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _handler(peer) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has its own self
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                peer.got.append((dict(self.headers), fields_of(self.headers["Content-Type"], body)))
                answer = peer.answers.pop(0) if len(peer.answers) > 1 else peer.answers[0]
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer[0])
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_told: Any) -> None:
                """Stay quiet."""

        return Handler

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


def upload(peer: Peer, *, with_location: bool = False, token: str | None = None) -> list[int]:
    told: list[int] = []
    CloudletLink(peer.address, new_session(token)).upload(BATCH, with_location=with_location, told=told.append)
    return told


def join(*urls: str, token: str | None = None) -> Address | None:
    return ServerLink(urls, new_session(token)).join()


def test_photos_travel_in_file_parts_and_progress_is_told(peer: Peer) -> None:
    told = upload(peer)
    [(headers, fields)] = peer.got
    assert fields["requestType"] == ("requestType", b"newPhotos")
    assert fields["zip"] == ("batch-1.zip", BATCH.content)
    assert fields["batch"][1] == b"batch-1"
    assert "withLocation" not in fields
    assert "Authorization" not in headers
    assert told == sorted(told)
    assert len(set(told)) > 10
    assert told[-1] == int(headers["Content-Length"])


def test_the_position_and_the_token_are_told_only_when_wanted(peer: Peer) -> None:
    upload(peer, with_location=True, token="t1")
    [(headers, fields)] = peer.got
    assert fields["withLocation"][1] == b"true"
    assert headers["Authorization"] == "Bearer t1"


@pytest.mark.parametrize("status", [500, 502, 503, 507, 429, 408])
def test_a_cloudlet_that_cannot_now_is_left_for_another(peer: Peer, status: int) -> None:
    peer.answers = [(status, json.dumps({"detail": "disk full"}).encode())]
    with pytest.raises(CloudletAway, match=f"{status} disk full"):
        upload(peer)


@pytest.mark.parametrize("status", [400, 404, 413, 415, 302, 307])
def test_a_refusal_is_final_and_redirects_are_not_followed(peer: Peer, status: int) -> None:
    peer.answers = [(status, b'{"detail":"too large"}')]
    with pytest.raises(BatchRefused, match=f"{status}"):
        upload(peer)
    assert len(peer.got) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_is_told(peer: Peer, status: int) -> None:
    peer.answers = [(status, b"{}")]
    with pytest.raises(NotLetIn, match=str(status)):
        upload(peer)
    with pytest.raises(NotLetIn, match=str(status)):
        join(peer.address.url)


def test_a_cloudlet_that_hangs_up_is_away(peer: Peer) -> None:
    peer.answers = [None]
    with pytest.raises(CloudletAway, match="lost the connection"):
        upload(peer)
    with pytest.raises(CloudletAway, match="refused the connection"):
        CloudletLink(Address("127.0.0.1", free_port()), new_session(None)).upload(
            BATCH, with_location=False, told=lambda _: None
        )


@pytest.mark.parametrize("answer", [b"", b"ok", b"[1]", b"\xff\xfe", b"[" * 60_000, b"x" * 1_000_000])
def test_any_200_is_an_acceptance_as_legacy_cloudlets_say_what_they_like(peer: Peer, answer: bytes) -> None:
    peer.answers = [(200, answer)]
    upload(peer)


def test_leaving_never_fails(peer: Peer) -> None:
    link = CloudletLink(peer.address, new_session(None))
    assert link.leave()
    peer.answers = [None]
    assert not link.leave()


def test_a_server_names_a_cloudlet(peer: Peer) -> None:
    peer.answers = [(200, b'{"IP": "10.0.0.7", "port": "9000"}'), (200, b'{"IP":"-1","port":"-1"}')]
    assert join(peer.address.url) == Address("10.0.0.7", 9000)
    assert join(peer.address.url) is None
    assert peer.got[0][1] == {"requestType": ("requestType", b"phoneJoinReq"), "id": ("id", b"1")}


def test_a_server_hears_which_cloudlet_did_not_answer(peer: Peer) -> None:
    peer.answers = [(200, b'{"IP": "10.0.0.7", "port": "9000"}')]
    ServerLink([peer.address.url], new_session(None)).join(Address("10.0.0.8", 9001))
    assert peer.got[0][1]["gaveUp"] == ("gaveUp", b"10.0.0.8:9001")


def test_the_other_server_is_asked_when_one_fails(peer: Peer) -> None:
    peer.answers = [(200, b'{"IP": "10.0.0.7", "port": "9000"}')]
    link = ServerLink([f"http://127.0.0.1:{free_port()}/", peer.address.url], new_session(None))
    assert link.join() == link.join() == Address("10.0.0.7", 9000)


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"IP":"a b","port":"1"}'),
        (200, b'{"IP":"evil/@x","port":"80"}'),
        (200, b'{"IP":"10.0.0.1","port":"0"}'),
        (200, b'{"IP":"10.0.0.1","port":"99999"}'),
        None,
    ],
)
def test_an_answer_that_names_no_cloudlet_is_no_answer(peer: Peer, answer: tuple[int, bytes] | None) -> None:
    peer.answers = [answer]
    with pytest.raises(ServersAway, match=r"127\.0\.0\.1"):
        join(peer.address.url)
