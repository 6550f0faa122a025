"""Who is there, who is a device, and whom a snap means."""

import pytest

from backbone.errors import BadInput, Conflict, Unavailable
from processor_orchestrator.domain import snap_device as rosters
from processor_orchestrator.domain.snap_device import REMEMBERED_SECONDS, Device, SnapDevices
from processor_orchestrator.snap.allowance import BURST, PER_SECOND, Allowance

NOW = 1_000_000.0


def joined(roster, name, *groups, subject=None, now=NOW):
    peer = roster.joined()
    roster.hello(peer, name, groups, subject, now=now)
    return peer


def meant(roster, to, now=NOW):
    return [device.device_id for device in roster.meant(to, now=now)]


def test_a_snap_means_a_device_a_group_or_all():
    roster = SnapDevices()
    roster.joined()
    joined(roster, "b", "roof")
    joined(roster, "a", "roof", "north")
    joined(roster, "roof-3")
    assert [meant(roster, to) for to in ("roof", "roof-3", "north", "all", "attic")] == [
        ["a", "b"],
        ["roof-3"],
        ["a"],
        ["a", "b", "roof-3"],
        [],
    ]


def test_a_device_that_left_is_told_of_as_offline_for_an_hour():
    roster = SnapDevices()
    peer = joined(roster, "a")
    assert roster.left(peer, now=NOW) == "a"
    assert [device.online for device in roster.meant("all", now=NOW + REMEMBERED_SECONDS)] == [False]
    assert meant(roster, "all", now=NOW + REMEMBERED_SECONDS + 1) == []
    assert roster.left(peer, now=NOW) is None


def test_the_newest_client_of_a_subject_speaks_for_a_device_and_the_older_ones_end_takes_nothing_from_it():
    roster = SnapDevices()
    older, newer = joined(roster, "a", subject="s"), roster.joined()
    assert roster.hello(newer, "a", (), "s", now=NOW) == older
    assert roster.left(older, now=NOW) is None
    assert [device.online for device in roster.meant("a", now=NOW)] == [True]
    assert roster.hello(newer, "a", ["roof"], "s", now=NOW) is None, "it may tell other groups"


@pytest.mark.parametrize("subject", ["other", None])
def test_another_subject_takes_no_device_that_is_connected_and_may_take_one_that_is_not(subject):
    roster = SnapDevices()
    peer, thief = joined(roster, "a", subject="s"), roster.joined()
    with pytest.raises(Conflict):
        roster.hello(thief, "a", (), subject, now=NOW)
    roster.left(peer, now=NOW)
    roster.hello(thief, "a", (), subject, now=NOW)
    assert roster.device_of(thief) == "a"


def test_one_connection_is_one_device_and_nothing_is_called_all(monkeypatch):
    roster = SnapDevices()
    peer = joined(roster, "a")
    with pytest.raises(Conflict, match="one device a connection"):
        roster.hello(peer, "b", (), None, now=NOW)
    for name, groups in (("all", ()), ("c", ("all",))):
        with pytest.raises(BadInput):
            roster.hello(roster.joined(), name, groups, None, now=NOW)
    monkeypatch.setattr(rosters, "MAX_DEVICES", 1)
    with pytest.raises(Unavailable):
        joined(roster, "d")


def test_devices_of_other_orchestrators_are_meant_and_the_newer_socket_wins():
    roster = SnapDevices()
    here = joined(roster, "a", subject="s", now=NOW)
    elsewhere = [Device("a", frozenset(), "s", NOW + 1, elsewhere=True), Device("b", frozenset({"roof"}), None, NOW)]
    assert roster.met(elsewhere) == [here]
    assert roster.met([Device("a", frozenset(), "s", NOW - 1, elsewhere=True)]) == []
    assert roster.met([Device("a", frozenset(), "thief", NOW + 1, elsewhere=True)]) == []
    roster.met([Device("b", frozenset({"roof"}), "t", NOW, elsewhere=True)])
    assert meant(roster, "roof") == ["b"]
    with pytest.raises(Conflict):
        joined(roster, "b", subject="s")


def test_who_talks_on_is_read_slowly_and_a_burst_is_not():
    allowance = Allowance()
    assert [allowance.take(1.0) for _ in range(int(BURST))] == [0.0] * int(BURST)
    assert allowance.take(1.0) == pytest.approx(1 / PER_SECOND)
    assert allowance.take(100.0) == 0.0
