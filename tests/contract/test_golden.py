"""Both ends of every direction keep to the golden corpus, byte for byte where legacy peers are concerned."""

import json
from typing import get_args

import pytest

from backbone.wire import codec, from_client, from_processor, to_client, to_processor
from backbone.wire.jobs import Place
from backbone.wire.shared import Authenticate, Error, FeatureMap, Stop
from backbone.wire.values import CameraView
from tests.contract.corpus import DIRECTIONS, NAMES, UNIONS, golden
from tests.contract.fleet_words import FLEET_OPTIONAL, FLEET_SAID
from tests.contract.snap_words import NEEDED, SNAP_OPTIONAL, SNAP_SAID

T = 1700000000.25
JPEG = "/9j/2Q=="
BOX = {"boxId": 12, "rect": [0.1, 0.2, 0.3, 0.4], "objectType": "person", "certainty": 0.87}
TRACKED = BOX | {"boxId": 13, "objectId": 1}
OURS = BOX | {"objectId": 1, "distance": 0.41, "crop": JPEG, "trackedSince": 1700000000.5}
VECTOR = [round(0.001 * number - 0.05, 3) for number in range(128)]
ANY_MAP = {"colour": [0.5, 1], "any": None}
MODEL = "dlib_face_recognition_resnet_model_v1"
SEEN = {"sighting_id": "1-18bcfe568fa-83dcefb7", "object_id": 1, "first_seen": T, "rect": (0.1, 0.2, 0.3, 0.4)}

# What the sending side says, in its own words, for each golden file.
SAID = {
    "from_client/authenticate": Authenticate(jwt="header.claims.seal"),
    "from_client/reject": from_client.Reject(object_id=1, sighting_id="1-18bcfe568fa-83dcefb7"),
    "from_client/setUsesImages": from_client.SetUsesImages(uses_images=True),
    "from_client/start": from_client.Start(camera_id="1", frame_id=T, box_id=12),
    "from_client/start.by_both": from_client.Start(camera_id="1", frame_id=T, box_id=12, image=JPEG),
    "from_client/start.by_picture": from_client.Start(camera_id="1", image=JPEG),
    "from_client/start.number": from_client.Start(camera_id=1, frame_id=1700000000, box_id=12),
    "from_client/start.ours": from_client.Start(camera_id="*", image=JPEG, name="Anna"),
    "from_client/stop": Stop(object_id=1),
    "from_client/subscribe": from_client.Subscribe(sightings=True, cameras=True),
    "from_processor/authenticate": Authenticate(jwt="header.claims.seal"),
    "from_processor/boundingBoxes": from_processor.BoundingBoxes(frame_id=T, boxes=[BOX, TRACKED]),
    "from_processor/boundingBoxes.none": from_processor.BoundingBoxes(frame_id=1700000000, boxes=[]),
    "from_processor/boundingBoxes.ours": from_processor.BoundingBoxes(frame_id=T, boxes=[OURS]),
    "from_processor/error": Error(
        code="no_face", message="expected a face in the box, got none", reply_to="start", object_id=1
    ),
    "from_processor/featureMap": FeatureMap(object_id=1, feature_map=ANY_MAP),
    "from_processor/featureMap.ours": FeatureMap(object_id=1, feature_map=VECTOR, model_id=MODEL),
    "from_processor/identifier": from_processor.Identifier(id="1"),
    "from_processor/identifier.ours": from_processor.Identifier(id="1", features=("case",)),
    "from_processor/identifier.model": from_processor.Identifier(id="1", features=("case",), model_id="sface-2021dec"),
    "from_processor/identifier.number": from_processor.Identifier(id=1),
    "to_client/boundingBoxes": to_client.BoundingBoxes(camera_id="1", frame_id=T, boxes=[BOX, TRACKED]),
    "to_client/boundingBoxes.number": to_client.BoundingBoxes(camera_id=1, frame_id=1700000000, boxes=[]),
    "to_client/boundingBoxes.ours": to_client.BoundingBoxes(camera_id="1", frame_id=T, boxes=[OURS]),
    "to_client/cameras": to_client.Cameras(
        cameras=[
            CameraView(camera_id="1", state="online", since=T, viewers=0),
            CameraView(camera_id=2, state="offline", since=T, viewers=0),
        ]
    ),
    "to_client/error": Error(
        code="unknown_camera", message="cameraId: expected a known camera, got 'attic'", reply_to="start"
    ),
    "to_client/error.start_failed": Error(
        code="start_failed", message="expected a face in the box, got none", reply_to="start", object_id=1
    ),
    "to_client/newObject": to_client.NewObject(object_id=1, image=JPEG),
    "to_client/newObject.without_image": to_client.NewObject(object_id=1),
    "to_client/sighting": to_client.Sighting(
        **SEEN, camera_id="1", last_seen=T + 2, frames=3, has_crop=True, certainty=0.87, distance=0.41
    ),
    "to_client/sighting.legacy_processor": to_client.Sighting(
        **SEEN, camera_id=1, last_seen=T, frames=1, has_crop=False, certainty=None, distance=None
    ),
    "to_client/sighting.likelihood": to_client.Sighting(
        **SEEN,
        camera_id="1",
        last_seen=T,
        frames=1,
        has_crop=True,
        certainty=0.87,
        distance=1.02,
        model_id="sface-2021dec-0ba9fbfa01b5",
        strangers_among=40,
    ),
    "to_client/sighting.phone": to_client.Sighting(
        **SEEN,
        camera_id="cloudlet 10.0.0.7:8100",
        last_seen=T,
        frames=1,
        has_crop=True,
        certainty=None,
        distance=0.41,
        source="phone",
        cloudlet="10.0.0.7:8100",
        taken_at=T,
        place=Place(latitude=52.5, longitude=13.4),
        rejected=True,
    ),
    "to_client/stop": Stop(object_id=1),
    "to_processor/case.negatives": to_processor.Case(object_id=1, negatives=(tuple(VECTOR),), model_id=MODEL),
    "to_processor/case": to_processor.Case(object_id=1, name="Anna", threshold=0.45, expires_at=T + 86_400),
    "to_processor/case.bare": to_processor.Case(object_id=1),
    "to_processor/error": Error(
        code="not_identified",
        message="expected 'identifier' first, got none that still holds",
        reply_to="boundingBoxes",
    ),
    "to_processor/featureMap": FeatureMap(object_id=1, feature_map=ANY_MAP),
    "to_processor/featureMap.not_known_yet": FeatureMap(object_id=1, feature_map={}),
    "to_processor/featureMap.ours": FeatureMap(object_id=1, feature_map=VECTOR, model_id=MODEL),
    "to_processor/start": to_processor.Start(object_id=1, frame_id=T, box_id=12),
    "to_processor/start.by_both": to_processor.Start(object_id=1, frame_id=T, box_id=12, image=JPEG),
    "to_processor/start.by_picture": to_processor.Start(object_id=1, image=JPEG),
    "to_processor/startStream": to_processor.StartStream(fps=10.0, width=960, tokens=2),
    "to_processor/stop": Stop(object_id=1),
    "to_processor/stopStream": to_processor.StopStream(),
    "to_processor/streamToken": to_processor.StreamToken(tokens=1),
    **FLEET_SAID,
    **SNAP_SAID,
}


@pytest.mark.parametrize("direction", UNIONS)
def test_every_message_of_a_direction_has_its_golden_file_and_every_file_its_message(direction):
    types = {member.__struct_config__.tag for member in get_args(UNIONS[direction])}
    files = {name.split("/")[1].split(".")[0] for name in NAMES if name.startswith(direction + "/")}
    assert files == types


def test_every_golden_file_is_said_by_somebody():
    assert set(SAID) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_sending_side_says_exactly_what_the_file_says(name):
    said, expected = json.loads(codec.encode(SAID[name])), json.loads(golden(name))
    assert said == expected
    assert repr(said) == repr({key: expected[key] for key in said}), "a number changed its form"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", [bytes, str])
def test_the_receiving_side_understands_the_file(name, form):
    raw = golden(name)
    assert DIRECTIONS[name.split("/")[0]].decode(raw if form is bytes else raw.decode()) == SAID[name]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("to_")])
def test_what_our_servers_say_is_the_file_to_the_byte(name):
    assert codec.encode(SAID[name]) == golden(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_receiving_side_ignores_keys_that_it_does_not_know(name):
    raw = json.dumps(json.loads(golden(name)) | {"invented": {"later": [1]}})
    assert DIRECTIONS[name.split("/")[0]].decode(raw) == SAID[name]


@pytest.mark.parametrize("name", NAMES)
def test_each_key_that_a_message_needs_is_missed(name):
    message, needed = json.loads(golden(name)), SAID[name].__struct_config__
    optional = {"cameraId", "frameId", "boxId", "image", "name", "modelId", "replyTo", "sightings", "cameras"}
    optional |= {
        "features",
        "threshold",
        "expiresAt",
        "source",
        "cloudlet",
        "takenAt",
        "place",
        "rejected",
        "strangersAmong",
        "negatives",
    }
    if name.split("/")[0] in {"from_snap", "to_snap"}:
        optional |= SNAP_OPTIONAL - NEEDED.get(name.split(".")[0], set())
    optional = optional | FLEET_OPTIONAL | ({"objectId"} if needed.tag == "error" else set())
    if needed.tag in {"boundingBoxes", "sighting", "cameras"}:
        optional -= {"cameraId", "frameId", "cameras"}
    for key in message.keys() - optional:
        raw = json.dumps({kept: value for kept, value in message.items() if kept != key})
        with pytest.raises(codec.BadMessage):
            DIRECTIONS[name.split("/")[0]].decode(raw)
