"""The golden corpus played to a real orchestrator: what goes in as one file comes out as another."""

import base64
import io
import json

import pytest
import requests
from PIL import Image

from tests.contract.corpus import golden
from tests.peers import client, peer, processor
from tests.processes import ANSWER_SECONDS


def message(name):
    return json.loads(golden(name))


async def test_what_the_files_say_is_what_the_peers_hear(orchestrator):
    async with peer(orchestrator.url, "/processor") as camera, client(orchestrator.url) as operator:
        await camera.say_raw(golden("from_processor/identifier").decode())
        await operator.say_raw(golden("from_client/subscribe").decode())
        while not (cameras := (await operator.hear("cameras"))["cameras"]):
            pass
        assert {"cameraId": "1", "state": "online"}.items() <= cameras[0].items()
        await operator.say_raw(golden("from_client/setUsesImages").decode())

        await operator.say_raw(golden("from_client/start").decode())
        assert await camera.hear() == message("to_processor/start")
        assert await operator.hear() == message("to_client/newObject.without_image")

        await camera.say_raw(golden("from_processor/featureMap").decode())
        assert await camera.hear() == message("to_processor/featureMap")

        await camera.say_raw(golden("from_processor/boundingBoxes").decode())
        assert await operator.hear() == message("to_client/boundingBoxes")
        sighting = await operator.hear("sighting")
        assert sighting.keys() == message("to_client/sighting").keys()

        await operator.say_raw(golden("from_client/stop").decode())
        assert await camera.hear() == message("to_processor/stop")
        assert await operator.hear() == message("to_client/stop")


async def test_a_late_processor_hears_what_is_sought_and_what_is_not_known_yet(orchestrator):
    async with processor(orchestrator.url, 1) as camera, client(orchestrator.url) as operator:
        await operator.say_raw(golden("from_client/start.number").decode())
        await camera.hear("start")
        async with processor(orchestrator.url, "late") as late:
            assert await late.hear() == message("to_processor/featureMap.not_known_yet")
            await camera.say_raw(golden("from_processor/featureMap.ours").decode())
            assert await late.hear() == message("to_processor/featureMap.ours")


async def test_a_start_that_failed_is_told_to_who_started_it(orchestrator):
    async with processor(orchestrator.url, "1") as camera, client(orchestrator.url) as operator:
        await operator.say_raw(golden("from_client/start").decode())
        await camera.hear("start")
        await camera.say_raw(golden("from_processor/error").decode())
        assert await operator.hear("error") == message("to_client/error.start_failed")


@pytest.mark.parametrize("name", ["start.by_picture", "start.by_both", "start.ours"])
async def test_a_picture_reaches_the_processor_and_the_clients_as_a_clean_jpeg(orchestrator, jpeg, name):
    async with processor(orchestrator.url, "1") as camera, client(orchestrator.url) as operator:
        await operator.say_raw(golden("from_client/setUsesImages").decode())
        said = message(f"from_client/{name}") | {"image": base64.b64encode(jpeg).decode()}
        await operator.say(**said)
        asked, told = await camera.hear("start"), await operator.hear("newObject")
        assert asked["image"] == told["image"]
        assert Image.open(io.BytesIO(base64.b64decode(asked["image"]))).format == "JPEG"
        assert asked.keys() - {"type", "objectId", "image"} == said.keys() & {"frameId", "boxId"}


def test_the_legacy_history_answers_to_the_letter(orchestrator):
    for query in ("", "?objectId=", "?object_id="):
        answer = requests.get(f"{orchestrator.url}/timelines{query}", timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.text) == (400, 'Missing "objectId" query parameter')
    for query in ("?objectId=7", "?objectId=x", "?object_id=-1", "?objectId=" + "9" * 400, "?objectId=٣"):
        answer = requests.get(f"{orchestrator.url}/timelines{query}", timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.text) == (400, "Object id not present in tracking history")
    assert requests.get(f"{orchestrator.url}/objectIds", timeout=ANSWER_SECONDS).text == '{"data":[]}'


async def test_the_legacy_history_knows_what_was_seen(orchestrator):
    async with processor(orchestrator.url, 1) as camera, client(orchestrator.url) as operator:
        await operator.say(type="subscribe", sightings=True)
        for object_id in (1, 2, 3):
            await operator.say_raw(golden("from_client/start.number").decode())
            assert (await camera.hear("start"))["objectId"] == object_id
        await camera.say_raw(golden("from_processor/boundingBoxes").decode())
        await operator.hear("sighting")
    assert requests.get(f"{orchestrator.url}/objectIds", timeout=ANSWER_SECONDS).text == '{"data":[1, 2, 3]}'
    for name in ("objectId", "object_id"):
        (entry,) = requests.get(f"{orchestrator.url}/timelines?{name}=1", timeout=ANSWER_SECONDS).json()["data"]
        assert entry.keys() == {"timeStamp", "processorId"}
        assert entry["processorId"] == 1
        date, _, clock = entry["timeStamp"].partition(" | ")
        assert [len(part) for part in date.split("/") + clock.split(":")] == [4, 2, 2, 2, 2, 2]
