"""A sighting on sample footage is checked against who was really there."""

import pytest

from backbone.wire.values import SightingView
from drill.truth import TrueFace, Truth
from searchlight.truth_check import verdict

BOX = (100.0, 100.0, 200.0, 200.0)
ELSEWHERE = (500.0, 100.0, 600.0, 200.0)


def truth(frames: dict[int, list[tuple[str, tuple[float, float, float, float]]]]) -> Truth:
    faces = [
        tuple(TrueFace(person, box, 1.0, detectable=True) for person, box in frames.get(number, []))
        for number in range(100)
    ]
    return Truth("camera-1", 10.0, 1000, 500, {}, tuple(faces))


def sighting(first_seen: float) -> SightingView:
    return SightingView(
        sighting_id="1-1-1",
        object_id=1,
        camera_id="camera-1",
        first_seen=first_seen,
        last_seen=first_seen,
        frames=1,
        rect=(0.1, 0.2, 0.2, 0.4),
        has_crop=False,
        certainty=1.0,
        distance=0.4,
    )


@pytest.mark.parametrize("person", ["sought", "stranger-1"])
def test_the_person_at_the_place_and_time_is_named(person: str) -> None:
    there = verdict(sighting(1005.0), truth({50: [(person, BOX), ("other", ELSEWHERE)]}), started_at=1000.0)
    assert (there.person, there.right) == (person, person == "sought")


def test_the_clip_loops() -> None:
    assert verdict(sighting(1035.0), truth({50: [("sought", BOX)]}), started_at=1000.0).right


def test_nobody_there_is_not_right() -> None:
    there = verdict(sighting(1005.0), truth({50: [("sought", ELSEWHERE)]}), started_at=1000.0)
    assert (there.person, there.right) == (None, False)
