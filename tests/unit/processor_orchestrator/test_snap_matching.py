"""Who is sought in devices' pictures, and what a match becomes."""

from backbone.wire.jobs import FaceMatch
from processor_orchestrator.cases.galleries import galleries_of
from processor_orchestrator.snap.matching import sighting_of
from processor_orchestrator.tracking.objects import CaseState, TrackedObject

ROW = tuple(float(number) for number in range(128))


def sought(number, **more):
    known = {"feature_map": [list(ROW)], "model_id": "m"} | more
    return TrackedObject(number, 0.0, 1e9, **known)


def test_a_gallery_holds_those_of_one_model_who_can_be_compared_with():
    galleries = galleries_of(
        [
            sought(1, threshold=0.45, negatives=(ROW,)),
            sought(2, model_id="other"),
            sought(3, state=CaseState.ENCODING),
            sought(4, feature_map={"any": "value"}),
            sought(5, model_id=None),
            sought(6, job="anna"),
        ]
    )
    assert [(gallery.model_id, [(who.name, who.tolerance) for who in gallery.sought]) for gallery in galleries] == [
        ("m", [("case-1", 0.45), ("anna", 0.6)]),
        ("other", [("case-2", 0.6)]),
    ]
    assert galleries[0].sought[0].embeddings == (ROW,)
    assert [who.negatives for who in galleries[0].sought] == [(ROW,), ()], "who was rejected is not told again"
    assert galleries_of([]) == []


def test_a_match_becomes_a_sighting_of_the_device_and_the_same_match_the_same_one():
    match = FaceMatch(photo=0, name="case-1", rect=(0.1, 0.1, 0.5, 0.5), distance=0.3)
    make = {"object_id": 1, "device": "door", "seen_at": 1_000.5, "has_crop": True}
    made = sighting_of("task", 0, match, **make)
    assert (made.camera_id, made.first_seen, made.source, made.distance) == ("door", 1_000.5, "snap", 0.3)
    assert made == sighting_of("task", 0, match, **make)
    assert made.sighting_id != sighting_of("task", 1, match, **make).sighting_id
