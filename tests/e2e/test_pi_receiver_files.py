"""Resumable uploads on a real receiver: every verb of tus 1.0.0, kills, broken links, other Pis."""

import hashlib
import random
import socket

import pytest
import requests

from tests.processes import ANSWER_SECONDS, wait_until
from tests.receivers import Pi, Receiving, base64_of, claims_of, digest_of

CONTENT = random.Random(3).randbytes(300_000)
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def receiving(tmp_path_factory):
    made = Receiving(tmp_path_factory.mktemp("receiver"), "--max-file-megabytes", "64", "--stall-seconds", "8")
    with made.running("--max-unfinished-of-one", "3"):
        yield made


@pytest.fixture
def pi(receiving) -> Pi:
    return receiving.pi()


def chunk_digest(content: bytes) -> str:
    return f"sha256 {base64_of(hashlib.sha256(content).digest())}"


def half_sent(pi: Pi, where: str, offset: int, content: bytes, announced: int, **more: str) -> socket.socket:
    """Begin a PATCH, send some of it, and return the connection that stays open."""
    host, port = pi.url.removeprefix("http://").split(":")
    path = where.removeprefix(pi.url)
    head = {
        "Host": f"{host}:{port}",
        "Tus-Resumable": "1.0.0",
        **pi.headers,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(announced),
        **more,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    connection = socket.create_connection((host, int(port)), timeout=40)
    connection.sendall(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode() + content)
    return connection


def test_what_is_understood_is_told_to_everybody(receiving):
    answer = requests.options(f"{receiving.url}/files/", timeout=ANSWER_SECONDS)
    told = {name: answer.headers[name] for name in answer.headers if name.startswith("Tus-")}
    assert told == {
        "Tus-Resumable": "1.0.0",
        "Tus-Version": "1.0.0",
        "Tus-Extension": "creation,checksum,expiration,termination",
        "Tus-Checksum-Algorithm": "sha256",
        "Tus-Max-Size": str(64 * MEGABYTE),
    }


def test_a_file_comes_in_pieces_and_is_seen_only_when_it_is_whole(receiving, pi):
    created = pi.create("a.csv", CONTENT)
    where = created.headers["Location"]
    assert (created.status_code, created.headers["Upload-Offset"]) == (201, "0")
    assert created.headers["Upload-Expires"].endswith("GMT")
    first = pi.patch(where, 0, CONTENT[:100_000])
    assert (first.status_code, first.headers["Upload-Offset"], first.headers.get("Receipt")) == (204, "100000", None)
    assert receiving.stored(f"station{pi.station}") == {}
    told = pi.tus("HEAD", where)
    assert (told.headers["Upload-Offset"], told.headers["Upload-Length"]) == ("100000", "300000")
    assert told.headers["Cache-Control"] == "no-store"
    assert f"filename {base64_of(b'a.csv')}" in told.headers["Upload-Metadata"]
    last = pi.patch(where, 100_000, CONTENT[100_000:], Upload_Checksum=chunk_digest(CONTENT[100_000:]))
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, "300000")
    assert claims_of(last.headers["Receipt"])["sha256"] == digest_of(CONTENT)
    assert receiving.stored(f"station{pi.station}") == {"a.csv": CONTENT}
    again = pi.tus("HEAD", where)
    assert (again.headers["Upload-Offset"], again.headers["Receipt"]) == ("300000", last.headers["Receipt"])
    assert pi.patch(where, 300_000, b"").status_code == 204
    assert where.rpartition("/")[2] not in receiving.left_over()


def test_many_pieces_go_over_one_connection(receiving, pi):
    where = pi.create("a.csv", CONTENT).headers["Location"]
    sent = {"Tus-Resumable": "1.0.0", **pi.headers, "Content-Type": "application/offset+octet-stream"}
    with requests.Session() as session:
        for offset in range(0, len(CONTENT), 3_000):
            headers = sent | {"Upload-Offset": str(offset)}
            piece = CONTENT[offset : offset + 3_000]
            assert session.patch(where, headers=headers, data=piece, timeout=ANSWER_SECONDS).status_code == 204
    assert receiving.stored(f"station{pi.station}") == {"a.csv": CONTENT}


def test_an_empty_file_is_whole_at_once(receiving, pi):
    created = pi.create("empty.txt", b"")
    assert (created.status_code, claims_of(created.headers["Receipt"])["size"]) == (201, 0)
    assert receiving.stored(f"station{pi.station}") == {"empty.txt": b""}


def test_it_shares_the_store_with_the_legacy_protocol(receiving, pi):
    assert pi.send(("a.txt", b"one")) == ["200"]
    for content in (b"one", b"two"):
        where = pi.create("a.txt", content).headers["Location"]
        assert pi.patch(where, 0, content).status_code == 204
    assert receiving.stored(f"station{pi.station}") == {"a.txt": b"one", "a.v2.txt": b"two"}


def test_the_method_may_be_overridden(receiving, pi):
    where = pi.create("a.txt", b"one").headers["Location"]
    sent = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    assert pi.tus("POST", where, b"one", X_HTTP_Method_Override="PATCH", **sent).status_code == 204
    assert pi.tus("POST", where, b"one", **sent).status_code == 400
    assert receiving.stored(f"station{pi.station}") == {"a.txt": b"one"}


def test_an_upload_can_be_given_up(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    pi.patch(where, 0, CONTENT[:10])
    assert pi.tus("DELETE", where).status_code == 204
    assert pi.tus("HEAD", where).status_code == 404
    assert pi.patch(where, 10, CONTENT[10:]).status_code == 404
    assert where.rpartition("/")[2] not in receiving.left_over()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus_Resumable": None}, 412),
        ({"Tus_Resumable": "0.2.2"}, 412),
        ({"Upload_Length": None}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": str(65 * MEGABYTE)}, 413),
        ({"Upload_Length": "9" * 18}, 413),
        ({"Upload_Defer_Length": "1"}, 400),
        ({"Upload_Metadata": None}, 412),
        ({"Upload_Metadata": f"filename {base64_of(b'a.txt')}"}, 412),
        ({"Upload_Metadata": "filename !!!,checksum ###"}, 400),
        ({"Upload_Metadata": f"filename {base64_of(b'a.txt')},filename {base64_of(b'b.txt')}"}, 400),
        ({"pi_id": "0" * 16}, 401),
        ({"pi_num": "99999"}, 401),
    ],
)
def test_a_creation_that_is_not_right_is_refused(receiving, pi, change, status):
    pi.ask()
    answer = pi.create("a.txt", CONTENT, **change)
    assert (answer.status_code, answer.headers.get("Location")) == (status, None)
    assert answer.json()["detail"].startswith(("expected", "Upload", "Tus"))


@pytest.mark.parametrize(
    ("name", "status"), [("../a.txt", 400), ("a/b.txt", 400), (".a.txt", 400), ("a.exe", 415), ("a\x00.txt", 400)]
)
def test_names_are_refused_as_everywhere(receiving, pi, name, status):
    assert pi.create(name, CONTENT).status_code == status


def test_bytes_for_another_place_or_too_many_are_refused(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    assert pi.patch(where, 5, CONTENT[5:]).status_code == 409
    assert pi.patch(where, 0, CONTENT + b"!").status_code == 413
    assert pi.patch(where, 0, CONTENT, Content_Type="text/plain").status_code == 415
    assert pi.patch(where, 0, CONTENT, Upload_Offset=None).status_code == 400
    assert pi.patch(where, 0, CONTENT, Upload_Checksum="md5 AAAA").status_code == 400
    assert pi.offset(where) == 0
    assert pi.patch(where, 0, CONTENT).status_code == 204


def test_a_flipped_piece_does_not_count(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    assert pi.patch(where, 0, CONTENT[:1000]).status_code == 204
    flipped = bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:]
    answer = pi.patch(where, 1000, flipped, Upload_Checksum=chunk_digest(CONTENT[1000:]))
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert pi.offset(where) == 1000
    assert pi.patch(where, 1000, CONTENT[1000:], Upload_Checksum=chunk_digest(CONTENT[1000:])).status_code == 204
    assert receiving.stored(f"station{pi.station}") == {"a.txt": CONTENT}


def test_a_file_with_another_digest_than_announced_is_never_seen(receiving, pi):
    where = pi.create("a.txt", CONTENT, digest="0" * 64).headers["Location"]
    assert pi.patch(where, 0, CONTENT).status_code == 460
    assert pi.tus("HEAD", where).status_code == 404
    assert receiving.stored(f"station{pi.station}") == {}


def test_another_pi_sees_no_upload_of_mine(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    other = receiving.pi()
    for answer in (other.tus("HEAD", where), other.patch(where, 0, CONTENT), other.tus("DELETE", where)):
        assert answer.status_code == 404
    other.pi_id = "0" * 16
    assert other.tus("HEAD", where).status_code == 401
    assert pi.patch(where, 0, CONTENT).status_code == 204


def test_one_upload_too_many_gives_up_the_oldest_of_its_own_pi_only(receiving, pi):
    other = receiving.pi()
    theirs = other.create("b.txt", CONTENT).headers["Location"]
    mine = [pi.create(f"{number}.txt", CONTENT).headers["Location"] for number in range(4)]
    assert [pi.tus("HEAD", where).status_code for where in mine] == [404, 200, 200, 200]
    assert other.offset(theirs) == 0


def test_what_came_before_the_link_broke_counts(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    half_sent(pi, where, 0, CONTENT[:200_000], len(CONTENT)).close()
    wait_until(lambda: size_of(receiving, where), "some bytes")  # a question before that would cut the piece off
    offset = pi.offset(where)
    assert 0 < offset <= 200_000
    assert pi.patch(where, offset, CONTENT[offset:]).status_code == 204
    assert receiving.stored(f"station{pi.station}") == {"a.txt": CONTENT}


def test_a_broken_piece_that_had_to_have_a_digest_does_not_count(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    more = {"Upload-Checksum": chunk_digest(CONTENT)}
    half_sent(pi, where, 0, CONTENT[:200_000], len(CONTENT), **more).close()
    assert pi.patch(where, 0, CONTENT).status_code == 204


def test_a_half_open_connection_gives_way_to_the_pi_that_came_back(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    with half_sent(pi, where, 0, CONTENT[:150_000], len(CONTENT)):
        wait_until(lambda: size_of(receiving, where), "some bytes")
        offset = pi.offset(where)
        assert 0 < offset <= 150_000
        assert pi.patch(where, offset, CONTENT[offset:]).status_code == 204
    assert receiving.stored(f"station{pi.station}") == {"a.txt": CONTENT}


def test_a_silent_sender_is_cut_off(receiving, pi):
    where = pi.create("a.txt", CONTENT).headers["Location"]
    with half_sent(pi, where, 0, CONTENT[:1000], len(CONTENT)) as connection:
        connection.settimeout(40)
        assert connection.recv(1) == b""
    assert pi.offset(where) == 1000


def size_of(receiving, where):
    """Return how many bytes of an upload are in its file."""
    path = receiving.store / ".receiver" / "resumable" / where.rpartition("/")[2]
    return path.stat().st_size if path.exists() else 0


def test_offsets_survive_a_kill_and_the_file_is_equal_byte_for_byte(tmp_path):
    content = random.Random(4).randbytes(20 * MEGABYTE)
    receiving = Receiving(tmp_path)
    with receiving.running() as role:
        pi = receiving.pi()
        where = pi.create("big.csv", content).headers["Location"].removeprefix(pi.url)
        assert pi.patch(where, 0, content[:MEGABYTE]).status_code == 204
        half_sent(pi, where, MEGABYTE, content[MEGABYTE : 19 * MEGABYTE], len(content) - MEGABYTE)
        wait_until(lambda: size_of(receiving, where) >= 18 * MEGABYTE, "most of it")
        role.kill()
    with receiving.running():
        pi.url = receiving.url
        offset = pi.offset(where)
        assert offset >= 9 * MEGABYTE
        last = pi.patch(where, offset, content[offset:])
        assert last.headers["Upload-Offset"] == str(len(content))
        assert receiving.stored(f"station{pi.station}") == {"big.csv": content}


@pytest.mark.parametrize("point", ["after_fsync", "before_rename", "after_rename", "after_ledger", "before_reply"])
def test_killed_with_the_last_byte_the_sender_finds_out_what_became_of_it(tmp_path, point):
    receiving = Receiving(tmp_path)
    with receiving.running("--fault", f"{point}:1", environment={"TEST_MODE": "1"}):
        pi = receiving.pi()
        where = pi.create("a.txt", CONTENT).headers["Location"].removeprefix(pi.url)
        with pytest.raises(requests.ConnectionError):
            pi.patch(where, 0, CONTENT)
    with receiving.running():
        pi.url = receiving.url
        offset = pi.offset(where)
        assert "Receipt" in pi.patch(where, offset, CONTENT[offset:]).headers
        assert receiving.stored(f"station{pi.station}") == {"a.txt": CONTENT}
        assert len(receiving.noted()) == 1


def test_an_upload_that_nobody_comes_back_for_is_forgotten(tmp_path):
    receiving = Receiving(tmp_path)
    with receiving.running("--unfinished-hours", "0.0001"):
        pi = receiving.pi()
        where = pi.create("a.txt", CONTENT).headers["Location"].removeprefix(pi.url)
        pi.patch(where, 0, CONTENT[:1000])
        wait_until(lambda: pi.tus("HEAD", where).status_code == 404, "its end")
        assert receiving.left_over() == []
