"""Who is connected, and who speaks for a camera."""

import pytest

from backbone.errors import Conflict, Unavailable
from processor_orchestrator.tracking import roster as roster_module
from processor_orchestrator.tracking.roster import Roster, Wishes

OLD, NEW, OTHER = 1, 2, 3


@pytest.fixture
def roster():
    return Roster()


def test_a_processor_speaks_for_its_camera_until_it_leaves(roster):
    assert roster.register(OLD, "door", None, now=10.0) is None
    assert (roster.online(), roster.camera_of(OLD)) == ({"door": OLD}, "door")
    assert roster.leave(OLD, now=20.0) == "door"
    assert (roster.online(), roster.camera_of(OLD)) == ({}, None)
    assert (roster.cameras["door"].peer, roster.cameras["door"].since) == (None, 20.0)


def test_the_newest_socket_of_one_subject_wins(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    assert roster.register(NEW, "door", "anna", now=11.0) == OLD
    assert (roster.online(), roster.camera_of(OLD)) == ({"door": NEW}, None)


def test_the_close_of_a_stale_socket_never_removes_the_newer_one(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    roster.register(NEW, "door", "anna", now=11.0)
    assert roster.leave(OLD, now=12.0) is None
    assert roster.online() == {"door": NEW}
    assert roster.cameras["door"].since == 11.0


def test_another_subject_is_refused_and_changes_nothing(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    with pytest.raises(Conflict, match="nobody else speaks for"):
        roster.register(NEW, "door", "boris", now=11.0)
    assert (roster.online(), roster.camera_of(NEW)) == ({"door": OLD}, None)


def test_a_refused_socket_keeps_the_camera_that_it_has(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    roster.register(NEW, "yard", "boris", now=10.0)
    with pytest.raises(Conflict):
        roster.register(NEW, "door", "boris", now=11.0)
    assert roster.online() == {"door": OLD, "yard": NEW}


def test_another_subject_may_take_a_camera_that_nobody_speaks_for(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    roster.leave(OLD, now=11.0)
    assert roster.register(NEW, "door", "boris", now=12.0) is None
    assert roster.online() == {"door": NEW}


def test_a_number_and_its_text_are_one_camera_in_the_form_that_came_last(roster):
    roster.register(OLD, 1, None, now=10.0)
    assert roster.register(NEW, "1", None, now=11.0) == OLD
    assert roster.cameras["1"].camera_id == "1"


def test_a_processor_that_takes_another_name_leaves_the_old_one(roster):
    roster.register(OLD, "door", None, now=10.0)
    assert roster.register(OLD, "yard", None, now=11.0) is None
    assert roster.online() == {"yard": OLD}
    assert roster.cameras["door"].peer is None
    assert roster.leave(OLD, now=12.0) == "yard"


def test_a_processor_may_say_its_name_twice(roster):
    roster.register(OLD, "door", "anna", now=10.0)
    assert roster.register(OLD, "door", "anna", now=11.0) is None
    assert roster.online() == {"door": OLD}


def test_the_camera_that_is_offline_longest_is_forgotten_first(roster, monkeypatch):
    monkeypatch.setattr(roster_module, "MAX_CAMERAS", 3)
    for peer, camera in enumerate(("a", "b", "c"), start=1):
        roster.register(peer, camera, None, now=10.0)
    roster.leave(2, now=11.0)
    roster.leave(1, now=12.0)
    roster.register(4, "d", None, now=13.0)
    assert set(roster.cameras) == {"a", "c", "d"}


def test_one_camera_too_many_is_refused_while_all_are_online(roster, monkeypatch):
    monkeypatch.setattr(roster_module, "MAX_CAMERAS", 1)
    roster.register(OLD, "a", None, now=10.0)
    with pytest.raises(Unavailable, match="at most 1 cameras"):
        roster.register(NEW, "b", None, now=10.0)


def test_clients_are_found_by_what_they_want(roster):
    roster.clients = {OLD: Wishes(images=True), NEW: Wishes(images=True, cameras=True), OTHER: Wishes()}
    assert roster.clients_that_want("images") == (OLD, NEW)
    assert roster.clients_that_want("cameras") == (NEW,)
    assert roster.clients_that_want("sightings") == ()
