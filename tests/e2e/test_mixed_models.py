"""An installation of several models: a camera with dlib, one with SFace, a legacy processor with maps of its own.

The orchestrator and Redis are real processes; the cameras speak the wire by hand, and the worker has no engine.
"""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from backbone.face_models.laws import same_strangers
from backbone.face_models.names import DLIB, SFACE
from tests.conftest import RedisServer
from tests.fakes.encode_worker import CHIP, embedding_of, encode_worker, other_embedding_of
from tests.peers import Peer, client, peer
from tests.processes import ANSWER_SECONDS, Role, role, until

NAME = "face of anna.jpg"
FACE = b"\xff\xd8 a face of anna"
KEPT = CHIP + NAME.encode()
"""What is kept of the photo once it was encoded; the fake worker finds a face in it again."""

OWN_MAP = {"torchreid": [0.5, 0.25, 0.125]}
"""As a legacy processor makes it: any JSON value, and no word of its model."""


@pytest.fixture
def house(redis_server: RedisServer) -> Iterator[Role]:
    with role("processor_orchestrator", "--port", "0", "--redis-url", redis_server.url) as running:
        running.wait_for_event("loaded")
        yield running


def opened(house: Role) -> int:
    answer = requests.post(
        f"{house.url}/api/cases",
        data={"name": "Anna", "threshold": "0.45"},
        files=[("photos", (NAME, FACE))],
        timeout=ANSWER_SECONDS,
    )
    assert answer.status_code == 202, answer.text
    return int(answer.json()["objectId"])


def case(house: Role, object_id: int) -> Any:
    return requests.get(f"{house.url}/api/cases/{object_id}", timeout=ANSWER_SECONDS).json()


async def learned(camera: Peer) -> Any:
    """Return the next feature map that says something."""
    while not (told := await camera.hear("featureMap"))["featureMap"]:
        pass
    return told


async def seen_by(camera: Peer, operator: Peer, object_id: int, *, frame_id: float) -> Any:
    """Let a camera say that it sees somebody, and return the sighting that a client is told."""
    box = {"boxId": 1, "rect": [0.1, 0.1, 0.2, 0.2], "objectType": "face", "certainty": 0.9, "objectId": object_id}
    await camera.say(type="boundingBoxes", frameId=frame_id, boxes=[box])
    return await operator.hear("sighting")


def maps_of(camera: Peer) -> list[Any]:
    told = [message for message in camera.seen if message["type"] == "featureMap" and message["featureMap"]]
    return [(message["featureMap"], message.get("modelId")) for message in told]


def threshold_of(camera: Peer) -> Any:
    return [message["threshold"] for message in camera.seen if message["type"] == "case"][-1]


async def test_a_case_from_one_photo_is_found_by_each_in_its_own_model(house: Role, redis_server: RedisServer) -> None:
    async with (
        peer(house.url, "/processor") as dlib,
        peer(house.url, "/processor") as sface,
        peer(house.url, "/processor") as legacy,
        client(house.url) as operator,
    ):
        await dlib.say(type="identifier", id="dlib", features=["case"], modelId=DLIB)
        await sface.say(type="identifier", id="sface", features=["case"], modelId=SFACE)
        await legacy.say(type="identifier", id="legacy")
        await operator.say(type="subscribe", sightings=True, cameras=True)
        while len((await operator.hear("cameras"))["cameras"]) < 3:
            pass
        object_id = opened(house)
        with encode_worker(redis_server.port, more=(SFACE,)):
            assert (await learned(dlib))["featureMap"] == [list(embedding_of(FACE))]
            assert (await learned(sface))["featureMap"] == [list(other_embedding_of(FACE, SFACE))]
            asked = await legacy.hear("start")
        assert (asked["objectId"], bool(asked["image"])) == (object_id, True)
        await legacy.say(type="featureMap", objectId=object_id, featureMap=OWN_MAP)
        await until(lambda: len(case(house, object_id)["models"]) == 3, "the three models")

        assert threshold_of(dlib) == 0.45
        assert threshold_of(sface) == pytest.approx(same_strangers(0.45, to=SFACE)), "it lets as many strangers pass"
        for number, (name, camera) in enumerate({"dlib": dlib, "sface": sface, "legacy": legacy}.items()):
            sighting = await seen_by(camera, operator, object_id, frame_id=1_700_000_000.0 + number)
            assert (sighting["cameraId"], sighting["objectId"]) == (name, object_id)

        assert maps_of(dlib) == [([list(embedding_of(FACE))], DLIB)]
        assert maps_of(sface) == [([list(other_embedding_of(FACE, SFACE))], SFACE)]
        await legacy.say(type="identifier", id="legacy")
        while (OWN_MAP, None) not in maps_of(legacy):
            await legacy.hear("featureMap")
    shown = case(house, object_id)
    assert {one["modelId"]: one["references"] for one in shown["models"]} == {DLIB: 1, SFACE: 1, None: 0}
    assert (shown["modelId"], shown["references"], shown["needsPhotoFor"]) == (DLIB, 1, [])


async def test_a_camera_of_a_model_that_no_worker_has_learns_of_open_cases_by_itself(
    house: Role, redis_server: RedisServer
) -> None:
    with encode_worker(redis_server.port):
        object_id = opened(house)
        await until(lambda: case(house, object_id)["state"] == "open", "the references")
    async with peer(house.url, "/processor") as sface, peer(house.url, "/processor") as third:
        await sface.say(type="identifier", id="sface", features=["case"], modelId=SFACE)
        asked = await sface.hear("start")
        assert base64.b64decode(asked["image"]) == KEPT
        own = list(other_embedding_of(KEPT, SFACE))
        await sface.say(type="featureMap", objectId=object_id, featureMap=own, modelId=SFACE)
        assert (await learned(sface))["featureMap"] == own

        await third.say(type="identifier", id="third", features=["case"], modelId="third")
        await third.hear("start")
        await third.say(type="error", code="no_face", message="none", replyTo="start", objectId=object_id)
        await until(lambda: case(house, object_id)["needsPhotoFor"] == ["third"], "what the case lacks")
        assert (maps_of(third), maps_of(sface)) == ([], [(own, SFACE)])
    assert case(house, object_id)["state"] == "open", "the others go on looking"
