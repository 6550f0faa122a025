"""Texts become messages; what is refused is told."""

import json

import msgspec
import pytest

from backbone.wire import codec, from_client, from_processor, to_client, to_processor
from backbone.wire.codec import BadMessage
from backbone.wire.shared import Authenticate, Error, FeatureMap, Stop
from backbone.wire.values import Box

PICTURE = codec.PICTURE_BYTES * 4 // 3


def refusal_of(direction, raw):
    with pytest.raises(BadMessage) as refusal:
        direction.decode(json.dumps(raw) if isinstance(raw, dict) else raw)
    return refusal.value


@pytest.mark.parametrize("direction", [from_client, from_processor, to_client, to_processor])
@pytest.mark.parametrize("value", [[], "start", 1, None, True, [{"type": "stop", "objectId": 1}]])
def test_only_an_object_is_a_message(direction, value):
    refusal = refusal_of(direction, json.dumps(value))
    assert (refusal.code, refusal.reply_to) == ("bad_message", None)
    assert refusal.message == f"expected a JSON object, got {type(value).__name__}"


@pytest.mark.parametrize(("said", "came"), [({}, "none"), ({"type": 5}, "int"), ({"type": ["stop"]}, "list")])
def test_a_message_without_a_type_is_told_what_came(said, came):
    refusal = refusal_of(from_client, said)
    assert (refusal.code, refusal.reply_to) == ("bad_message", None)
    assert refusal.message == f"expected the key 'type' with a text, got {came}"


def test_an_unknown_type_is_told_the_known_ones():
    refusal = refusal_of(from_processor, {"type": "start", "objectId": 1})
    assert (refusal.code, refusal.reply_to) == ("unknown_type", "start")
    assert "identifier, boundingBoxes, featureMap, authenticate, error" in refusal.message
    assert "got 'start'" in refusal.message


def test_a_long_unknown_type_is_told_shortened():
    refusal = refusal_of(from_client, {"type": "x" * 10_000})
    assert refusal.reply_to == "x" * 64
    assert len(refusal.message) < 300


@pytest.mark.parametrize(
    ("direction", "said", "told"),
    [
        (from_client, {"type": "stop"}, "stop: Object missing required field `objectId`"),
        (from_client, {"type": "stop", "objectId": "1"}, "stop: Expected `int`, got `str` - at `$.objectId`"),
        (from_client, {"type": "stop", "objectId": 0}, "stop: Expected `int` >= 1 - at `$.objectId`"),
        (from_client, {"type": "stop", "objectId": True}, "stop: Expected `int`, got `bool` - at `$.objectId`"),
        (from_client, {"type": "start", "cameraId": ""}, "start: Expected `str` of length >= 1 - at `$.cameraId`"),
        (from_client, {"type": "setUsesImages", "usesImages": 1}, "setUsesImages: Expected `bool`, got `int`"),
        (from_processor, {"type": "identifier", "id": None}, "identifier: Expected `int | str`, got `null`"),
        (from_processor, {"type": "identifier", "id": "x" * 129}, "identifier: Expected `str` of length <= 128"),
        (from_processor, {"type": "boundingBoxes", "frameId": 1.0}, "missing required field `boxes`"),
        (from_processor, {"type": "boundingBoxes", "frameId": 1.0, "boxes": [1]}, "Expected `object`, got `int`"),
        (from_processor, {"type": "featureMap", "objectId": 1}, "missing required field `featureMap`"),
    ],
)
def test_a_wrong_shape_is_told_what_was_expected_and_what_came(direction, said, told):
    refusal = refusal_of(direction, said)
    assert (refusal.code, refusal.reply_to) == ("bad_message", said["type"])
    assert told in refusal.message


def test_a_text_that_is_no_json_names_no_message():
    refusal = refusal_of(from_client, "{")
    assert (refusal.code, refusal.reply_to) == ("bad_json", None)


def padded(kind, size, **fields):
    """Return a message of exactly `size` bytes; unknown keys are ignored, so the padding changes nothing."""
    bare = json.dumps({"type": kind, **fields, "padding": ""})
    return json.dumps({"type": kind, **fields, "padding": "x" * (size - len(bare))})


@pytest.mark.parametrize(
    ("direction", "fields"),
    [
        (from_client, {"kind": "stop", "objectId": 1}),
        (from_client, {"kind": "setUsesImages", "usesImages": True}),
        (from_processor, {"kind": "identifier", "id": 1}),
        (to_client, {"kind": "stop", "objectId": 1}),
        (to_processor, {"kind": "stop", "objectId": 1}),
    ],
)
def test_a_control_message_may_have_64_kib(direction, fields):
    direction.decode(padded(size=64 * 1024, **fields))
    refusal = refusal_of(direction, padded(size=64 * 1024 + 1, **fields))
    assert refusal.code == "too_large"
    assert "65536 bytes" in refusal.message
    assert "got 65537" in refusal.message


def test_the_64_kib_are_bytes_not_letters():
    said = json.dumps({"type": "identifier", "id": 1, "padding": "ö" * 40_000}, ensure_ascii=False)
    assert len(said) < 64 * 1024
    assert refusal_of(from_processor, said).code == "too_large"
    assert refusal_of(from_client, said.replace("identifier", "stop")).code == "too_large"


@pytest.mark.parametrize(
    ("direction", "fields"),
    [
        (from_client, {"type": "start"}),
        (to_client, {"type": "newObject", "objectId": 1}),
        (to_processor, {"type": "start", "objectId": 1}),
    ],
)
def test_a_message_with_a_picture_may_carry_8_mib(direction, fields):
    image = "A" * PICTURE
    assert direction.decode(json.dumps(fields | {"image": image})).image == image
    refusal = refusal_of(direction, json.dumps(fields | {"image": image + "A" * 70_000}))
    assert refusal.code == "too_large"


def test_a_large_message_of_many_values_is_refused_before_it_is_read():
    refusal = refusal_of(from_client, '{"type":"start","x":[' + "[]," * 100_000 + "[]]}")
    assert refusal.code == "too_large"
    assert "one picture" in refusal.message


def test_numbers_keep_the_form_in_which_they_came():
    said = '{"type":"boundingBoxes","frameId":5,"boxes":[{"boxId":1,"rect":[0,0.5,1.0,1],"x":{"y":[1.5,2]}}]}'
    told = from_processor.decode(said)
    assert codec.encode(told).decode() == said


def test_camera_ids_keep_the_form_in_which_they_came():
    assert from_processor.decode('{"type":"identifier","id":1}').id == 1
    assert from_processor.decode('{"type":"identifier","id":"1"}').id == "1"


def test_what_is_absent_stays_absent_on_the_wire():
    assert codec.encode(from_client.Start(camera_id="a", frame_id=1.5, box_id=2)) == (
        b'{"type":"start","cameraId":"a","frameId":1.5,"boxId":2}'
    )
    assert codec.encode(Error(code="c", message="m")) == b'{"type":"error","code":"c","message":"m"}'


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (Stop(object_id=1), "stop"),
        (Authenticate(jwt="a"), "authenticate"),
        (FeatureMap(object_id=1, feature_map=[]), "featureMap"),
    ],
)
def test_a_message_knows_its_type(message, kind):
    assert codec.type_of(message) == kind


def test_boxes_are_read_with_our_additions():
    raw = [{"boxId": 1, "rect": [0, 0, 1, 1], "objectId": 3, "distance": 0.4, "crop": "AA==", "theirs": 1}]
    assert codec.checked_boxes(raw, reply_to="boundingBoxes") == [
        Box(box_id=1, rect=(0.0, 0.0, 1.0, 1.0), object_id=3, distance=0.4, crop="AA==")
    ]


@pytest.mark.parametrize(
    "box",
    [
        {},
        {"boxId": 1},
        {"boxId": 1, "rect": [0, 0, 1]},
        {"boxId": 1, "rect": [0, 0, 1, 3]},
        {"boxId": 1, "rect": [0, 0, 1, None]},
        {"boxId": "1", "rect": [0, 0, 1, 1]},
        {"boxId": 1, "rect": [0, 0, 1, 1], "objectId": -1},
        {"boxId": 1, "rect": [0, 0, 1, 1], "distance": -0.1},
        {"boxId": 1, "rect": [0, 0, 1, 1], "crop": "A" * 32_769},
    ],
)
def test_a_bad_box_is_refused_by_its_place(box):
    good = {"boxId": 1, "rect": [0, 0, 1, 1]}
    with pytest.raises(BadMessage, match=r"boundingBoxes: .*\[1\]") as refusal:
        codec.checked_boxes([good, box], reply_to="boundingBoxes")
    assert refusal.value.reply_to == "boundingBoxes"


def test_many_references_reach_a_processor_and_many_values_from_strangers_are_refused():
    row = [0.123456789012345678] * 128
    many = msgspec.json.encode({"type": "featureMap", "objectId": 1, "featureMap": [row] * 200, "modelId": "m"})
    assert len(many) > codec.CONTROL_BYTES
    assert len(to_processor.decode(many).feature_map) == 200
    for decode in (from_processor.decode, from_client.decode):
        with pytest.raises(BadMessage, match="many values"):
            decode(many)
    with pytest.raises(BadMessage, match="many values"):
        to_processor.decode(many + b" " * codec.VALUE_MESSAGE_BYTES)
    starts = msgspec.json.encode({"type": "start", "objectId": 1, "image": "a", "x": [row] * 200})
    with pytest.raises(BadMessage, match="expected at most"):
        to_processor.decode(starts)
