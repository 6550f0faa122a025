"""The receiver to measure against does the same work as ours: a channel, a file, its digest, its place."""

import hashlib
import io

import pytest

from benchmarks.peers.flask_receiver import create, create_careful

WHO = {"pi_id": "abc", "pi_num": "7", "num_files": "1"}
CONTENT = b"21.5\n" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=[create, create_careful])
def receiver(request, tmp_path):
    (tmp_path / "ids.txt").write_text("abc def")
    (tmp_path / "received_files").mkdir()
    return request.param(str(tmp_path)).test_client()


def channel(receiver):
    code, _, letters = receiver.get("/upload", headers=WHO).text.partition(" ")
    assert code == "301"
    return letters


def post(receiver, letters, *, name="a.txt", content=CONTENT, **headers):
    form = {"sensor_data_file": (io.BytesIO(content), name)}
    return receiver.post(f"/upload/{letters}", data=form, headers={**WHO, "checksum": DIGEST, **headers}).text


def stored(tmp_path):
    return {path.name: path.read_bytes() for path in (tmp_path / "received_files").rglob("*") if path.is_file()}


def test_a_file_is_kept_beside_its_digest_and_its_channel_is_over(receiver, tmp_path):
    letters = channel(receiver)
    assert post(receiver, letters) == "200"
    assert stored(tmp_path) == {"a.txt": CONTENT, "a.txt.sha256": f"{DIGEST} a.txt\n".encode()}
    assert post(receiver, letters) == "401"


def test_a_channel_stays_open_for_several_files(receiver, tmp_path):
    letters = channel(receiver)
    assert [post(receiver, letters, name=f"{n}.txt", num_files=str(3 - n)) for n in range(3)] == ["200"] * 3
    assert len(stored(tmp_path)) == 6


def test_bytes_that_were_changed_are_refused_and_leave_nothing(receiver, tmp_path):
    assert post(receiver, channel(receiver), content=CONTENT + b"!") == "500"
    assert stored(tmp_path) == {}


@pytest.mark.parametrize(
    ("more", "answer"),
    [({"pi_id": "nobody"}, "401"), ({"name": "a.exe"}, "415"), ({"name": ""}, "412"), ({"checksum": ""}, "412")],
)
def test_anything_else_is_refused(receiver, tmp_path, more, answer):
    assert post(receiver, channel(receiver), **more) == answer
    assert stored(tmp_path) == {}


def test_who_is_not_known_gets_no_channel(receiver):
    assert receiver.get("/upload", headers={"pi_id": "nobody"}).text == "401"
