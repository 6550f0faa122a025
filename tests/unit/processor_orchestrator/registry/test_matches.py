"""What follows from a cloudlet's delivery."""

import json

import pytest

from backbone.errors import BadInput
from backbone.wire.jobs import Place
from processor_orchestrator.registry.matches import found_in, match_of, read_manifest

NOW = 1_700_000_000.0
MANIFEST = {
    "matchId": "m-1",
    "jobName": "case-7",
    "cloudlet": "10.0.0.1:8100",
    "receivedAt": NOW - 5,
    "matches": [
        {
            "photo": "photo-1.jpg",
            "rect": [0.1, 0.2, 0.3, 0.4],
            "distance": 0.41,
            "modelId": "m",
            "takenAt": NOW - 60,
            "place": {"latitude": 52.5, "longitude": 13.4},
        },
        {"photo": "photo-1.jpg", "rect": [0.5, 0.2, 0.6, 0.4], "distance": 0.5},
    ],
}


def delivered(manifest=MANIFEST, job="case-7", photos=("photo-1.jpg",)):
    read = None if manifest is None else read_manifest(json.dumps(manifest).encode())
    return match_of(job, read, photos, sender="10.0.0.9", digest="d1", now=NOW)


def test_a_manifest_says_when_and_where():
    first, second = found_in(delivered(), 7, {0: b"JPEG"}, now=NOW)
    assert (first.source, first.cloudlet, first.camera_id) == ("phone", "10.0.0.1:8100", "cloudlet 10.0.0.1:8100")
    assert (first.first_seen, first.taken_at, first.place) == (NOW - 60, NOW - 60, Place(52.5, 13.4))
    assert (first.distance, first.rect, first.crop) == (0.41, (0.1, 0.2, 0.3, 0.4), b"JPEG")
    assert (second.first_seen, second.taken_at, second.place, second.crop) == (NOW - 5, None, None, None)
    assert [first.seconds, second.seconds] == [(int(NOW - 60),), (int(NOW - 5),)]


def test_what_took_the_photo_is_the_camera_where_a_manifest_says_so():
    found = found_in(delivered(MANIFEST | {"device": "station 7"}), 7, {}, now=NOW)
    assert {(seen.camera_id, seen.cloudlet) for seen in found} == {("station 7", "10.0.0.1:8100")}
    assert {entry.camera_id for one in found for entry in one.timeline()} == {"station 7"}


def test_the_same_delivery_makes_the_same_sightings():
    ids = [[known.sighting_id for known in found_in(delivered(), 7, {}, now=NOW)] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_a_legacy_delivery_is_one_sighting_for_each_photo():
    match = delivered(None, photos=("a.jpg", "b.jpg"))
    assert match.match_id == "sha256:d1"
    made = found_in(match, 7, {}, now=NOW)
    assert [(known.rect, known.distance, known.cloudlet) for known in made] == [
        ((0.0, 0.0, 1.0, 1.0), None, "10.0.0.9")
    ] * 2


def test_a_photo_from_the_future_is_seen_when_it_came():
    ahead = MANIFEST | {"matches": [MANIFEST["matches"][0] | {"takenAt": NOW + 3600}], "receivedAt": NOW + 9}
    (seen,) = found_in(delivered(ahead), 7, {}, now=NOW)
    assert (seen.first_seen, seen.taken_at) == (NOW, NOW + 3600)


@pytest.mark.parametrize(
    "wrong",
    [
        {"matchId": ""},
        {"matchId": None},
        {"matchId": "x" * 201},
        {"jobName": "case-8"},
        {"matches": [{"photo": "other.jpg"}]},
        {"matches": [{"photo": "photo-1.jpg", "rect": [0, 0, 1]}]},
        {"matches": [{"photo": "photo-1.jpg", "distance": -1}]},
        {"matches": [{"photo": "photo-1.jpg"}] * 1001},
        {"receivedAt": -1},
    ],
)
def test_a_wrong_manifest_is_refused(wrong):
    with pytest.raises(BadInput, match=r"expected|Expected|match\.json"):
        delivered(MANIFEST | wrong)


def test_a_manifest_that_is_no_json_object_is_refused():
    for raw in (b"", b"[]", b"{", b'{"matchId": NaN}', b"\xff"):
        with pytest.raises(BadInput):
            read_manifest(raw)
