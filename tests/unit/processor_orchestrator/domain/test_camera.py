"""Which cameras are connected, and who speaks for one."""

import pytest

from backbone.errors import Conflict, Unavailable
from processor_orchestrator.domain import camera as camera_module
from processor_orchestrator.domain.camera import CameraElsewhere, Cameras

OLD, NEW = 1, 2


@pytest.fixture
def cameras():
    return Cameras()


def test_a_processor_speaks_for_its_camera_until_it_leaves(cameras):
    assert cameras.register(OLD, "door", None, now=10.0) is None
    assert (cameras.online(), cameras.camera_of(OLD)) == ({"door": OLD}, "door")
    assert cameras.leave(OLD, now=20.0) == "door"
    assert (cameras.online(), cameras.camera_of(OLD)) == ({}, None)
    assert (cameras.get("door").peer, cameras.get("door").since) == (None, 20.0)


def test_the_newest_socket_of_one_subject_wins(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    assert cameras.register(NEW, "door", "anna", now=11.0) == OLD
    assert (cameras.online(), cameras.camera_of(OLD)) == ({"door": NEW}, None)


def test_the_close_of_a_stale_socket_never_removes_the_newer_one(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    cameras.register(NEW, "door", "anna", now=11.0)
    assert cameras.leave(OLD, now=12.0) is None
    assert cameras.online() == {"door": NEW}
    assert cameras.get("door").since == 11.0


def test_another_subject_is_refused_and_changes_nothing(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    with pytest.raises(Conflict, match="nobody else speaks for"):
        cameras.register(NEW, "door", "boris", now=11.0)
    assert (cameras.online(), cameras.camera_of(NEW)) == ({"door": OLD}, None)


def test_a_refused_socket_keeps_the_camera_that_it_has(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    cameras.register(NEW, "yard", "boris", now=10.0)
    with pytest.raises(Conflict):
        cameras.register(NEW, "door", "boris", now=11.0)
    assert cameras.online() == {"door": OLD, "yard": NEW}


def test_another_subject_may_take_a_camera_that_nobody_speaks_for(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    cameras.leave(OLD, now=11.0)
    assert cameras.register(NEW, "door", "boris", now=12.0) is None
    assert cameras.online() == {"door": NEW}


def test_a_number_and_its_text_are_one_camera_in_the_form_that_came_last(cameras):
    cameras.register(OLD, 1, None, now=10.0)
    assert cameras.register(NEW, "1", None, now=11.0) == OLD
    assert cameras.get("1").camera_id == "1"


def test_a_processor_that_takes_another_name_leaves_the_old_one(cameras):
    cameras.register(OLD, "door", None, now=10.0)
    assert cameras.register(OLD, "yard", None, now=11.0) is None
    assert cameras.online() == {"yard": OLD}
    assert cameras.get("door").peer is None
    assert cameras.leave(OLD, now=12.0) == "yard"


def test_a_processor_may_say_its_name_twice(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    assert cameras.register(OLD, "door", "anna", now=11.0) is None
    assert cameras.online() == {"door": OLD}


def test_the_camera_that_is_offline_longest_is_forgotten_first(cameras, monkeypatch):
    monkeypatch.setattr(camera_module, "MAX_CAMERAS", 3)
    for peer, camera in enumerate(("a", "b", "c"), start=1):
        cameras.register(peer, camera, None, now=10.0)
    cameras.leave(2, now=11.0)
    cameras.leave(1, now=12.0)
    cameras.register(4, "d", None, now=13.0)
    assert cameras.known() == {"a", "c", "d"}


def test_one_camera_too_many_is_refused_while_all_are_online(cameras, monkeypatch):
    monkeypatch.setattr(camera_module, "MAX_CAMERAS", 1)
    cameras.register(OLD, "a", None, now=10.0)
    with pytest.raises(Unavailable, match="at most 1 cameras"):
        cameras.register(NEW, "b", None, now=10.0)


def test_a_camera_whose_newer_socket_is_elsewhere_has_to_go(cameras):
    cameras.register(OLD, "door", "anna", now=10.0)
    cameras.register(NEW, "yard", "anna", now=10.0)
    elsewhere = {"door": CameraElsewhere("door", "anna", 11.0), "attic": CameraElsewhere("attic", None, 1.0)}
    assert cameras.meet(elsewhere) == (True, [OLD])
    assert cameras.meet(elsewhere) == (False, [OLD])
    assert (cameras.is_elsewhere("attic"), cameras.any_elsewhere) == (True, True)
    assert cameras.known() == {"door", "yard", "attic"}
    with pytest.raises(Conflict):
        cameras.register(NEW, "door", "boris", now=12.0)
