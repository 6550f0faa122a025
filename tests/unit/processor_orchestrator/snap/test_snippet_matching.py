"""What a match in a device's picture becomes."""

from backbone.wire.jobs import FaceMatch
from processor_orchestrator.snap.snippet_matching import found_of


def test_a_match_becomes_a_sighting_of_the_device_and_the_same_match_the_same_one():
    match = FaceMatch(photo=0, name="case-1", rect=(0.1, 0.1, 0.5, 0.5), distance=0.3)
    make = {"case_id": 1, "device": "door", "model_id": "m", "seen_at": 1_000.5}
    made = found_of(match, "task\n0", **make)
    assert (made.camera_id, made.first_seen, made.source, made.distance) == ("door", 1_000.5, "snap", 0.3)
    assert (made.seconds, made.crop) == ((1_000,), None)
    assert made.sighting_id == found_of(match, "task\n0", **make).sighting_id
    assert made.sighting_id != found_of(match, "task\n1", **make).sighting_id
