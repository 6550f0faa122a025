"""What may be told of what the orchestrator told, moment by moment."""

import json

import pytest

from backbone.wire.values import CameraView, SightingView
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.fleet_view import (
    AWAY_SECONDS,
    MOST_VISITS,
    SEEN_SECONDS,
    SIGHTING_EVERY_SECONDS,
    FleetView,
    OpenCase,
)

NOW = 1_700_000_000.0


def view(*cases: OpenCase, cameras: tuple[str | int, ...] = ("door",)) -> FleetView:
    made = FleetView("homeassistant")
    made.connected()
    made.heard_cameras([CameraView(camera_id=camera, state="online", since=NOW) for camera in cameras])
    made.heard_cases(list(cases))
    return made


def sighting(case: int = 1, *, at: float = NOW, number: int = 1, camera: str = "door", **more) -> SightingView:
    told = {"first_seen": at, "last_seen": at, "frames": 1, "rect": (0.1, 0.1, 0.2, 0.2), "has_crop": True}
    told |= {"certainty": 0.9, "distance": 0.4, "object_id": case, "camera_id": camera}
    return SightingView(sighting_id=f"{case}-{number}", **(told | more))


def told(fleet: FleetView, topic: str, now: float = NOW) -> dict:
    return json.loads(fleet.retained(now)[topic])


ANNA, BORIS = OpenCase(1, "Anna", crops=False), OpenCase(2, "Boris", crops=True)


def test_somebody_is_seen_for_a_while_and_then_only_was():
    fleet = view(ANNA)
    fleet.heard_sighting(sighting(), NOW)
    assert told(fleet, "searchlight/cases/1")["seen"] == "ON"
    assert told(fleet, "searchlight/cases/1", NOW + SEEN_SECONDS) == {
        "objectId": 1,
        "name": "Anna",
        "seen": "OFF",
        "lastSeen": "2023-11-14T22:13:20+00:00",
        "cameraId": "door",
        "distance": 0.4,
    }


def test_an_older_sighting_does_not_take_the_place_of_a_newer():
    fleet = view(ANNA)
    fleet.heard_sighting(sighting(number=2, at=NOW), NOW)
    fleet.heard_sighting(sighting(number=1, at=NOW - 100), NOW)
    assert told(fleet, "searchlight/cases/1")["lastSeen"].endswith("22:13:20+00:00")


def test_a_visit_is_told_at_its_begin_and_then_now_and_then():
    fleet = view(ANNA)
    moments = [0.0, 1.0, SIGHTING_EVERY_SECONDS, SIGHTING_EVERY_SECONDS + 1, SIGHTING_EVERY_SECONDS * 2]
    events = [fleet.heard_sighting(sighting(at=NOW + moment), NOW + moment) for moment in moments]
    assert [event is not None for event in events] == [True, False, True, False, True]
    rejected = fleet.heard_sighting(sighting(rejected=True), NOW + moments[-1])
    assert rejected is not None
    assert rejected["rejected"] is True


def test_nothing_of_a_case_that_did_not_opt_in_and_no_embedding_is_told():
    fleet = view(ANNA)
    assert fleet.heard_sighting(sighting(3), NOW) is None
    assert not fleet.wants_crop(sighting(3))
    assert not fleet.wants_crop(sighting(1)), "it did not allow pictures"
    event = fleet.heard_sighting(sighting(1), NOW)
    assert event.keys() == {
        "sightingId",
        "objectId",
        "name",
        "cameraId",
        "firstSeen",
        "lastSeen",
        "distance",
        "source",
        "rejected",
    }


def test_a_picture_goes_when_its_case_allows_it_no_more():
    fleet = view(BORIS)
    fleet.heard_crop(sighting(2), b"jpeg")
    assert fleet.retained(NOW)["searchlight/door/snapshot"] == b"jpeg"
    assert not fleet.wants_crop(sighting(2)), "it is told already"
    assert not fleet.wants_crop(sighting(2, camera="unknown"))
    fleet.heard_cases([OpenCase(2, "Boris", crops=False)])
    assert "searchlight/door/snapshot" not in fleet.retained(NOW)


def test_while_the_orchestrator_is_away_for_longer_states_are_unknown():
    fleet = view(ANNA)
    fleet.away(NOW)
    assert told(fleet, "searchlight/door/state", NOW + AWAY_SECONDS - 1)["state"] == "online"
    fleet.away(NOW + AWAY_SECONDS)
    assert told(fleet, "searchlight/door/state", NOW + AWAY_SECONDS)["state"] == "unknown"
    assert told(fleet, "searchlight/fleet", NOW + AWAY_SECONDS) == {
        "orchestrator": "offline",
        "cameras": 1,
        "camerasOnline": 0,
    }
    fleet.connected()
    assert told(fleet, "searchlight/fleet", NOW + AWAY_SECONDS)["camerasOnline"] == 1


def test_before_cases_are_known_only_the_fleet_is_told():
    fleet = FleetView("homeassistant")
    assert fleet.retained(NOW).keys() == {"searchlight/fleet"}
    assert told(fleet, "searchlight/fleet")["orchestrator"] == "offline"


def test_visits_are_remembered_within_a_bound():
    fleet = view(ANNA)
    for number in range(MOST_VISITS + 1):
        fleet.heard_sighting(sighting(number=number), NOW)
    assert fleet.heard_sighting(sighting(number=MOST_VISITS), NOW) is None
    assert fleet.heard_sighting(sighting(number=0), NOW) is not None, "the oldest was forgotten"


@pytest.mark.parametrize("name", ["door", "Door_2-b", 7])
def test_a_fit_name_stays_as_it_is(name):
    assert topics.slug(name) == str(name)


def test_other_names_become_fit_and_stay_apart():
    names = ["front door", "front/door", "front+door", "#", "ä", "", "fleet", "cases", "available", "x" * 99]
    slugs = {topics.slug(name) for name in names}
    assert len(slugs) == len(names)
    assert not slugs & set(names)
    assert all(topics._FIT.fullmatch(slug) for slug in slugs)
