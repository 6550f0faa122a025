"""The shell around the decisions: stored first, sent then; a refusal changes nothing."""

import asyncio
import base64
import json

import pytest

from backbone.errors import BadInput, Conflict, NotFound, Unavailable
from backbone.pictures import PictureCleaner
from backbone.wire.from_client import Start, Subscribe
from backbone.wire.from_processor import BoundingBoxes
from backbone.wire.shared import Error, FeatureMap
from backbone.wire.to_processor import StopStream
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.tracking.sightings import SightingBook
from processor_orchestrator.tracking.switchboard import CLOSE_REPLACED, Switchboard

NOW = 1_700_000_000.0


class FailingStore(MemoryStore):
    """A store that can be away."""

    away = False

    async def save(self, event):
        if self.away:
            raise Unavailable("away")
        await super().save(event)


class Peer:
    """A socket that remembers what it was told."""

    def __init__(self):
        self.commands, self.frames, self.closed = [], [], None

    def send_command(self, payload, framed=None):
        self.commands.append(json.loads(payload))

    def send_frames(self, payloads, framed):
        self.frames.extend(json.loads(payload) for payload in payloads)

    def close(self, code=None, reason=None):
        self.closed = code


@pytest.fixture
def store():
    return FailingStore()


@pytest.fixture
def book():
    return SightingBook()


@pytest.fixture
async def switchboard(store, book, metrics):
    made = Switchboard(
        store=store, book=book, timeout=100.0, cleaner=PictureCleaner(), metrics=metrics, now=lambda: NOW
    )
    await made._load()
    return made


@pytest.fixture
def processor(switchboard):
    peer = Peer()
    peer.id = switchboard.processor_connected(peer)
    switchboard.processor_joined(peer.id, "door", None)
    return peer


@pytest.fixture
def client(switchboard):
    peer = Peer()
    peer.id = switchboard.client_joined(peer)
    return peer


BY_BOX = Start(camera_id="door", frame_id=5.0, box_id=7)


def boxes(*extra, object_id=1):
    rect = [0.0, 0.0, 1.0, 1.0]
    return BoundingBoxes(
        frame_id=NOW, boxes=[{"boxId": 1, "rect": rect, "objectId": object_id, **more} for more in extra]
    )


def test_peers_are_refused_before_the_store_has_answered(store, book, metrics):
    made = Switchboard(store=store, book=book, timeout=1.0, cleaner=PictureCleaner(), metrics=metrics)
    with pytest.raises(Unavailable, match="stored objects"):
        made.require_loaded()


async def test_an_object_is_stored_before_the_processor_is_asked(switchboard, store, client, processor):
    assert await switchboard.start_object(client.id, BY_BOX) == 1
    assert [known.object_id for known in await store.open_objects()] == [1]
    assert processor.commands == [{"type": "start", "objectId": 1, "frameId": 5.0, "boxId": 7}]


async def test_what_cannot_be_stored_did_not_happen(switchboard, store, client, processor, registry):
    await switchboard.start_object(client.id, BY_BOX)
    processor.commands.clear()
    store.away = True
    for attempt in (
        lambda: switchboard.start_object(client.id, BY_BOX),
        lambda: switchboard.learn(FeatureMap(object_id=1, feature_map=[1.0])),
        lambda: switchboard.stop_object(1),
        lambda: switchboard.complain(processor.id, Error(code="x", message="x", object_id=1)),
    ):
        with pytest.raises(Unavailable):
            await attempt()
    assert processor.commands == []
    assert list(switchboard.tracking.objects) == [1]
    assert not switchboard.tracking.objects[1].has_feature_map
    assert registry.get_sample_value("orchestrator_store_failures_total") == 4


async def test_a_refused_start_uses_no_id(switchboard, store, client, processor):
    with pytest.raises(NotFound):
        await switchboard.start_object(client.id, Start(camera_id="attic", frame_id=1.0, box_id=1))
    with pytest.raises(BadInput):
        await switchboard.start_object(client.id, Start(image="bm8gcGljdHVyZQ=="))
    assert await switchboard.start_object(client.id, BY_BOX) == 1


async def test_an_image_is_cleaned_before_it_goes_anywhere(switchboard, store, client, processor, jpeg):
    await switchboard.start_object(client.id, Start(image=base64.b64encode(jpeg + b"behind the end").decode()))
    (asked,) = processor.commands
    sent = base64.b64decode(asked["image"])
    assert sent.startswith(b"\xff\xd8")
    assert b"behind the end" not in sent
    assert await store.image(1) == sent


async def test_a_newer_socket_of_a_camera_closes_the_older(switchboard, processor):
    newer = Peer()
    newer.id = switchboard.processor_connected(newer)
    switchboard.processor_joined(newer.id, "door", None)
    assert (processor.closed, newer.closed) == (CLOSE_REPLACED, None)
    switchboard.processor_left(processor.id)
    switchboard.tell_camera("door", StopStream())
    assert newer.commands == [{"type": "stopStream"}]


async def test_boxes_reach_clients_as_frames_and_become_sightings(switchboard, client, processor, book):
    await switchboard.start_object(client.id, BY_BOX)
    switchboard.boxes(processor.id, boxes({"unknown": 1}))
    await asyncio.sleep(0)  # they leave with the turn
    assert [message["boxes"][0]["unknown"] for message in client.frames] == [1]
    assert [seen.object_id for seen in book.take_changes().sightings] == [1]


async def test_boxes_of_objects_that_are_not_sought_are_no_sightings(switchboard, client, processor, book):
    switchboard.boxes(processor.id, boxes({}, object_id=99))
    await asyncio.sleep(0)
    assert len(client.frames) == 1
    assert book.take_changes().sightings == ()


@pytest.mark.parametrize("bad", [{"crop": "***"}, {"rect": [0]}, {"distance": "near"}])
async def test_one_bad_box_and_nothing_of_the_message_happened(switchboard, client, processor, book, bad):
    await switchboard.start_object(client.id, BY_BOX)
    with pytest.raises(BadInput):
        switchboard.boxes(processor.id, boxes({}, bad))
    await asyncio.sleep(0)
    assert client.frames == []
    assert book.take_changes().sightings == ()


async def test_boxes_before_the_identifier_change_nothing(switchboard, client, book):
    nameless = switchboard.processor_connected(Peer())
    with pytest.raises(Conflict):
        switchboard.boxes(nameless, boxes({}))
    await asyncio.sleep(0)
    assert client.frames == []


async def test_a_stopped_object_has_no_more_sightings(switchboard, client, processor, book):
    await switchboard.start_object(client.id, BY_BOX)
    await switchboard.stop_object(1)
    switchboard.boxes(processor.id, boxes({}))
    assert book.take_changes().sightings == ()


async def test_a_restart_takes_up_what_was_sought_and_seen(switchboard, store, client, processor, book, metrics):
    await switchboard.start_object(client.id, BY_BOX)
    await switchboard.learn(FeatureMap(object_id=1, feature_map=[1.0]))
    switchboard.boxes(processor.id, boxes({}))
    await store.save_sightings(book.take_changes())
    later = Switchboard(
        store=store, book=SightingBook(), timeout=100.0, cleaner=PictureCleaner(), metrics=metrics, now=lambda: NOW + 5
    )
    await later._load()
    peer = Peer()
    peer.id = later.processor_connected(peer)
    later.processor_joined(peer.id, "door", None)
    assert peer.commands == [{"type": "featureMap", "objectId": 1, "featureMap": [1.0]}]
    later.boxes(peer.id, boxes({}))
    (seen,) = later.book.take_changes().sightings
    assert seen.frames == 2


async def test_a_peer_that_is_gone_is_sent_nothing(switchboard, client, processor):
    switchboard.deliver(switchboard.tracking.subscribed(client.id, Subscribe(cameras=True)))
    switchboard.client_left(client.id)
    switchboard.processor_left(processor.id)
    assert [message["type"] for message in client.commands] == ["cameras"]


async def test_at_the_end_every_peer_is_told_to_come_back(switchboard, client, processor):
    switchboard.dismiss_peers()
    assert (client.closed, processor.closed) == (1001, 1001)
