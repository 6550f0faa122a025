"""References that a server sends along."""

import json

import pytest

from backbone.errors import BadInput
from cloudlet.references import read_references

ROW = [0.5] * 128
FACE = {"photo": "a.jpg", "embedding": ROW}


def raw(**told: object) -> bytes:
    return json.dumps({"modelId": "m", "references": [FACE], **told}).encode()


def test_what_a_server_knows_is_read():
    read = read_references(raw(threshold=0.5, negatives=[ROW], objectId=7))
    assert (read.model_id, read.references[0].photo, len(read.references[0].embedding)) == ("m", "a.jpg", 128)
    assert (read.threshold, len(read.negatives), read.object_id) == (0.5, 1, 7)


def test_most_of_it_may_be_left_out():
    read = read_references(raw())
    assert (read.threshold, read.negatives, read.object_id) == (None, (), None)


@pytest.mark.parametrize(
    "told",
    [
        {"modelId": ""},
        {"references": [{"photo": "a.jpg", "embedding": ROW[1:]}]},
        {"references": [{"photo": "a.jpg", "embedding": [1e9] * 128}]},
        {"references": [FACE] * 201},
        {"threshold": 0},
        {"threshold": 3},
        {"objectId": 0},
        {"negatives": [[0.5]]},
    ],
)
def test_what_is_not_in_that_form_is_refused(told):
    with pytest.raises(BadInput) as caught:
        read_references(raw(**told))
    assert caught.value.code == "bad_references"


def test_what_is_no_json_is_refused():
    with pytest.raises(BadInput):
        read_references(b"{")
