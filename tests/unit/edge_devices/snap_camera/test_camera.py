"""What a camera does with orders, whatever the relay, the camera and the server do."""

import hashlib
import io
import json
import threading

from PIL import Image

from edge_devices.capture.sources import FolderSource, PatternSource, take
from edge_devices.snap_camera.camera import Camera, Identity
from edge_devices.snap_camera.snippet_link import ApiAway, PictureRefused
from edge_devices.snap_relay import words
from edge_devices.snap_relay.relay_link import RelayAway


class Stop(threading.Event):
    """A signal that nobody waits for: the next connecting is now."""

    def wait(self, timeout=None):
        return self.is_set()


class Script:
    """A relay that says what is written, then cuts the line; the last connection ends the camera."""

    def __init__(self, *connections):
        self._connections = list(connections)
        self.stop = Stop()
        self.said = []
        self.opened = 0
        self._cut_next_send = False

    def connect(self):
        self.opened += 1
        if not self._connections:
            self.stop.set()
            raise RelayAway("gone")
        self._texts = list(self._connections.pop(0))
        self._cut_next_send = False
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def send(self, text):
        if self._cut_next_send and text.startswith('{"type": "taken'):
            raise RelayAway("cut")
        self.said.append(text)

    def receive(self, seconds):
        if not self._texts:
            raise RelayAway("cut")
        text = self._texts.pop(0)
        if text == "CUT WHILE CAPTURING":
            self._cut_next_send = True
            text = self._texts.pop(0)
        else:
            self._cut_next_send = False
        return text

    @property
    def answers(self):
        told = [json.loads(text) for text in self.said if text.startswith("{")]
        return [(message["type"], message.get("snapId")) for message in told if message["type"] != "hello"]


class Server:
    """An API server that answers what it is told, in order, and takes every picture after that."""

    def __init__(self, *faults):
        self._faults = list(faults)
        self.puts = []

    def put(self, snippet_id, name, picture):
        if self._faults:
            raise self._faults.pop(0)
        self.puts.append((snippet_id, name, hashlib.sha256(picture).hexdigest()))


def run(script, tmp_path, *, server=None, source=None, monkeypatch=None):
    server, notes, clock = server or Server(), [], [0.0]

    def pause(seconds):
        clock[0] += seconds

    source = source or PatternSource()
    camera = Camera(
        Identity("roof-2", ("roof",)),
        connect=script.connect,
        take=lambda: take(source, tmp_path),
        uploader=server,
        note=notes.append,
        now=lambda: clock[0],
        pause=pause,
    )
    camera.run(script.stop)
    return server, notes


SNAP = words.snap("7", "roof", 5)


def test_a_camera_says_that_it_is_ready_and_who_it_is_on_every_connection(tmp_path):
    script = Script([None], ["stop"])
    run(script, tmp_path)
    assert script.said == [words.READY, words.hello("roof-2", ("roof",))] * 2


def test_an_order_is_taken_uploaded_and_answered(tmp_path):
    script = Script([SNAP, None])
    server, _ = run(script, tmp_path)
    picture = (tmp_path / "opencv_frame_0.png").read_bytes()
    assert server.puts == [("roof-2", "opencv_frame_0.png", hashlib.sha256(picture).hexdigest())]
    assert script.answers == [("taken", "7"), ("uploaded", "7")]
    assert Image.open(io.BytesIO(picture)).size == (320, 240)
    assert [path.name for path in tmp_path.iterdir()] == ["opencv_frame_0.png"]


def test_the_legacy_word_is_answered_by_stop_on_a_connection_of_its_own(tmp_path):
    script = Script(["snap", None], [])
    server, _ = run(script, tmp_path)
    assert len(server.puts) == 1
    assert script.answers == []
    assert script.said[2] == "stop"


def test_an_answer_that_could_not_be_sent_is_sent_after_the_next_connecting(tmp_path):
    script = Script(["CUT WHILE CAPTURING", SNAP, None], [None])
    server, _ = run(script, tmp_path)
    assert len(server.puts) == 1
    assert script.answers == [("taken", "7"), ("uploaded", "7")]


def test_a_server_that_is_away_is_tried_again_and_one_that_refuses_is_not(tmp_path):
    script = Script([SNAP, None])
    server, _ = run(script, tmp_path, server=Server(*[ApiAway("a")] * 3))
    assert (len(server.puts), script.answers) == (1, [("taken", "7"), ("uploaded", "7")])
    script = Script([SNAP, None])
    server, _ = run(script, tmp_path, server=Server(PictureRefused("answered 409")))
    assert (server.puts, script.answers) == ([], [("taken", "7"), ("failed", "7")])
    script = Script([SNAP, None])
    server, _ = run(script, tmp_path, server=Server(*[ApiAway("down")] * 1_000))
    assert (server.puts, script.answers) == ([], [("taken", "7"), ("failed", "7")])


def test_one_picture_serves_all_orders_that_wait(tmp_path):
    other, third = words.snap("8", "attic", 5), words.snap("9", "all", 5)
    script = Script(["hello", SNAP, other, third, None, SNAP, None])
    server, _ = run(script, tmp_path)
    both = [("taken", "7"), ("taken", "9"), ("uploaded", "7"), ("uploaded", "9")]
    assert (len(server.puts), script.answers) == (2, [*both, ("taken", "7"), ("uploaded", "7")])


def test_a_camera_without_a_picture_says_why_and_keeps_the_one_before(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "b.png").write_bytes(b"b")
    (folder / "a.png").write_bytes(b"a")
    source = FolderSource(folder)
    assert [take(source, tmp_path).read_bytes() for _ in range(3)] == [b"a", b"b", b"a"]
    for path in folder.iterdir():
        path.unlink()
    script = Script([SNAP, None, SNAP, None])
    run(script, tmp_path, source=source)
    assert script.answers == [("failed", "7"), ("failed", "7")]
    assert (tmp_path / "opencv_frame_0.png").read_bytes() == b"a"
    (folder / "c.jpg").write_bytes(b"c")
    source.suffix  # noqa: B018 - b.png of before may be next
    assert take(source, tmp_path).name == "opencv_frame_0.jpg"
