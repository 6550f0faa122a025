"""The forwarder: each file is handed on until it was taken or refused, over restarts and peers that are away."""

import hashlib

import pytest
from prometheus_client import CollectorRegistry

from backbone.errors import Unavailable
from pi_receiver.forwarding.forwarder import MOST_PICTURE_BYTES, Forwarder
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.storage.ledger import Received
from tests.fakes.receiver_parts import Parts


class Peer:
    """A cloudlet and an orchestrator that answer what they are told to."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[tuple[str, bytes]] = []
        self.asked: list[str] = []
        self.is_closed = False

    async def hand_over(self, received, content, *, with_location):
        if self.status == 200:
            self.taken.append((received.path, content))
        return self.status

    async def look_through(self, received):
        self.asked.append(received.path)
        return self.status

    def close(self):
        self.is_closed = True


@pytest.fixture
def parts(tmp_path):
    (tmp_path / "received").mkdir()
    (tmp_path / "footage").mkdir()
    return Parts(tmp_path / "received")


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
def forwarder(parts, peer, tmp_path):
    return Forwarder(
        store=parts.store,
        metrics=ReceiverMetrics(CollectorRegistry()),
        cloudlet=peer,
        footage=tmp_path / "footage",
        orchestrator=peer,
        with_location=False,
    )


def put(parts: Parts, name: str, content: bytes) -> None:
    folder = parts.folder / "station1"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    parts.store.ledger.add([Received("station1", name, name, 1, "1", digest, len(content), 5.0)])


def waiting(parts: Parts) -> list[str]:
    return [one.name for _, one in parts.store.ledger.to_forward(100)]


async def test_a_picture_is_handed_over_once_and_what_is_none_not_at_all(parts, forwarder, peer):
    put(parts, "yard.jpg", b"picture")
    put(parts, "a.txt", b"text")
    assert await forwarder.forward_some() == 2
    assert await forwarder.forward_some() == 0
    assert peer.taken == [("station1/yard.jpg", b"picture")]


@pytest.mark.parametrize("status", [500, 503, 401, 403, 408, 429])
async def test_a_picture_waits_for_a_cloudlet_that_cannot_take_it_now(parts, forwarder, peer, status):
    put(parts, "a.txt", b"text")
    put(parts, "yard.jpg", b"picture")
    peer.status = status
    with pytest.raises(Unavailable, match=str(status)):
        await forwarder.forward_some()
    assert waiting(parts) == ["yard.jpg"], "what came before it is done"
    peer.status = 200
    await forwarder.forward_some()
    assert peer.taken == [("station1/yard.jpg", b"picture")]


@pytest.mark.parametrize("status", [400, 413, 415])
async def test_a_picture_that_is_refused_holds_up_no_other(parts, forwarder, peer, status):
    put(parts, "bad.jpg", b"picture")
    peer.status = status
    assert await forwarder.forward_some() == 1
    assert waiting(parts) == []


async def test_a_picture_that_is_gone_or_too_large_is_skipped(parts, forwarder, peer):
    put(parts, "gone.jpg", b"picture")
    (parts.folder / "station1" / "gone.jpg").unlink()
    put(parts, "huge.jpg", bytes(MOST_PICTURE_BYTES + 1))
    assert await forwarder.forward_some() == 2
    assert (peer.taken, waiting(parts)) == ([], [])


async def test_a_video_lies_in_the_footage_folder_before_anybody_is_asked_to_look(parts, forwarder, peer, tmp_path):
    put(parts, "yard.mp4", b"film")
    peer.status = 503
    with pytest.raises(Unavailable):
        await forwarder.forward_some()
    assert (tmp_path / "footage" / "station1" / "yard.mp4").read_bytes() == b"film"
    peer.status = 409
    assert await forwarder.forward_some() == 1, "nobody is sought: an operator may ask later"
    assert waiting(parts) == []
    assert peer.asked == ["station1/yard.mp4"] * 2


async def test_a_stop_lets_the_connections_go(forwarder, peer):
    await forwarder.stop()
    assert peer.is_closed


async def test_with_nowhere_to_go_it_ends_at_once(parts):
    metrics = ReceiverMetrics(CollectorRegistry())
    idle = Forwarder(store=parts.store, metrics=metrics, cloudlet=None, footage=None, with_location=False)
    await idle.run()
    assert idle.state().ok
