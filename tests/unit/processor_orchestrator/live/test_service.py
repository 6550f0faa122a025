"""The shell around the decisions: stored first, sent then; a refusal changes nothing."""

import asyncio
import base64

import pytest

from backbone.errors import BadInput, Conflict, NotFound, Unavailable
from backbone.face_models.names import SFACE
from backbone.wire.from_client import Start, Subscribe
from backbone.wire.from_processor import BoundingBoxes, Identifier
from backbone.wire.shared import Error, FeatureMap
from backbone.wire.to_processor import StopStream
from processor_orchestrator.live.service import CLOSE_REPLACED
from processor_orchestrator.stores.memory import MemoryStore
from tests.unit.processor_orchestrator.services import NOW, Peer, Services


class FailingStore(MemoryStore):
    """A store that can be away."""

    away = False

    async def save(self, event):
        if self.away:
            raise Unavailable("away")
        await super().save(event)


@pytest.fixture
def store():
    return FailingStore()


@pytest.fixture
async def house(store, metrics):
    made = Services(store, metrics)
    await made.cases.load()
    return made


@pytest.fixture
async def processor(house):
    return await joined(house)


async def joined(house, camera_id="door"):
    peer = Peer()
    peer.id = house.live.processor_connected(peer)
    await house.live.processor_joined(peer.id, Identifier(id=camera_id), None)
    return peer


@pytest.fixture
def client(house):
    peer = Peer()
    peer.id = house.live.client_joined(peer)
    return peer


async def stored(house):
    assert await house.sightings.flush()
    return await house.store.sightings(limit=10)


BY_BOX = Start(camera_id="door", frame_id=5.0, box_id=7)


def boxes(*extra, object_id=1):
    rect = [0.0, 0.0, 1.0, 1.0]
    return BoundingBoxes(
        frame_id=NOW, boxes=[{"boxId": 1, "rect": rect, "objectId": object_id, **more} for more in extra]
    )


def test_peers_are_refused_before_the_store_has_answered(store, metrics):
    with pytest.raises(Unavailable, match="stored objects"):
        Services(store, metrics).live.require_loaded()


async def test_an_object_is_stored_before_the_processor_is_asked(house, store, client, processor):
    assert await house.live.start_case(client.id, BY_BOX) == 1
    assert [known.case_id for known in await store.open_cases()] == [1]
    assert processor.commands == [{"type": "start", "objectId": 1, "frameId": 5.0, "boxId": 7}]


async def test_what_cannot_be_stored_did_not_happen(house, store, client, processor, registry):
    await house.live.start_case(client.id, BY_BOX)
    processor.commands.clear()
    store.away = True
    for attempt in (
        lambda: house.live.start_case(client.id, BY_BOX),
        lambda: house.cases.learn(FeatureMap(object_id=1, feature_map=[1.0])),
        lambda: house.cases.close(1),
        lambda: house.live.complain(processor.id, Error(code="x", message="x", object_id=1)),
    ):
        with pytest.raises(Unavailable):
            await attempt()
    assert processor.commands == []
    assert [case.case_id for case in house.cases.open()] == [1]
    assert not house.cases.get(1).has_feature_map
    assert registry.get_sample_value("orchestrator_store_failures_total") == 4


async def test_a_refused_start_uses_no_id(house, store, client, processor):
    with pytest.raises(NotFound):
        await house.live.start_case(client.id, Start(camera_id="attic", frame_id=1.0, box_id=1))
    with pytest.raises(BadInput):
        await house.live.start_case(client.id, Start(image="bm8gcGljdHVyZQ=="))
    assert await house.live.start_case(client.id, BY_BOX) == 1


async def test_an_image_is_cleaned_before_it_goes_anywhere(house, store, client, processor, jpeg):
    await house.live.start_case(client.id, Start(image=base64.b64encode(jpeg + b"behind the end").decode()))
    (asked,) = processor.commands
    sent = base64.b64decode(asked["image"])
    assert sent.startswith(b"\xff\xd8")
    assert b"behind the end" not in sent
    assert await store.image(1) == sent


async def test_a_newer_socket_of_a_camera_closes_the_older(house, processor):
    newer = await joined(house)
    assert (processor.closed, newer.closed) == (CLOSE_REPLACED, None)
    house.live.processor_left(processor.id)
    house.live.tell_camera("door", StopStream())
    assert newer.commands == [{"type": "stopStream"}]


async def test_boxes_reach_clients_as_frames_and_become_sightings(house, client, processor):
    await house.live.start_case(client.id, BY_BOX)
    house.live.boxes(processor.id, boxes({"unknown": 1}))
    await asyncio.sleep(0)  # they leave with the turn
    assert [message["boxes"][0]["unknown"] for message in client.frames] == [1]
    assert [seen.case_id for seen in await stored(house)] == [1]


async def test_boxes_of_objects_that_are_not_sought_are_no_sightings(house, client, processor):
    house.live.boxes(processor.id, boxes({}, object_id=99))
    await asyncio.sleep(0)
    assert len(client.frames) == 1
    assert await stored(house) == []


@pytest.mark.parametrize("bad", [{"crop": "***"}, {"rect": [0]}, {"distance": "near"}])
async def test_one_bad_box_and_nothing_of_the_message_happened(house, client, processor, bad):
    await house.live.start_case(client.id, BY_BOX)
    with pytest.raises(BadInput):
        house.live.boxes(processor.id, boxes({}, bad))
    await asyncio.sleep(0)
    assert client.frames == []
    assert await stored(house) == []


async def test_boxes_before_the_identifier_change_nothing(house, client):
    nameless = house.live.processor_connected(Peer())
    with pytest.raises(Conflict):
        house.live.boxes(nameless, boxes({}))
    await asyncio.sleep(0)
    assert client.frames == []


async def test_a_stopped_object_has_no_more_sightings(house, client, processor):
    await house.live.start_case(client.id, BY_BOX)
    await house.cases.close(1)
    house.live.boxes(processor.id, boxes({}))
    assert await stored(house) == []


async def test_a_restart_takes_up_what_was_sought_and_seen(house, store, client, processor, metrics):
    await house.live.start_case(client.id, BY_BOX)
    await house.cases.learn(FeatureMap(object_id=1, feature_map=[1.0]))
    house.live.boxes(processor.id, boxes({}))
    await stored(house)
    later = Services(store, metrics, now=lambda: NOW + 5)
    await later.cases.load()
    peer = await joined(later)
    assert peer.commands == [{"type": "featureMap", "objectId": 1, "featureMap": [1.0]}]
    later.live.boxes(peer.id, boxes({}))
    (seen,) = await stored(later)
    assert seen.frames == 2


async def test_a_peer_that_is_gone_is_sent_nothing(house, client, processor):
    house.live.subscribed(client.id, Subscribe(cameras=True))
    house.live.client_left(client.id)
    house.live.processor_left(processor.id)
    assert [message["type"] for message in client.commands] == ["cameras"]


async def test_at_the_end_every_peer_is_told_to_come_back(house, client, processor):
    await house.live.stop()
    assert (client.closed, processor.closed) == (1001, 1001)


async def test_a_sighting_says_what_its_distance_is_worth_where_the_cameras_model_is_known(house, client):
    named, legacy = Peer(), await joined(house, "yard")
    named.id = house.live.processor_connected(named)
    await house.live.processor_joined(named.id, Identifier(id="door", model_id=SFACE), None)
    await house.live.start_case(client.id, BY_BOX)
    await house.cases.learn(FeatureMap(object_id=1, feature_map=[1.0] * 128, model_id=SFACE))
    for peer in (named, legacy):
        house.live.boxes(peer.id, boxes({"distance": 1.0}))
    told = {seen.camera_id: (seen.model_id, seen.strangers_among) for seen in await stored(house)}
    assert told == {"door": (SFACE, house.thresholds.strangers_among(1.0, 1, SFACE)), "yard": (None, None)}
    assert told["door"][1] > 10
