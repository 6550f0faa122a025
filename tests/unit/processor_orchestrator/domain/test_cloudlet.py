"""The roster of cloudlets: who lives, and who gets the next phone."""

import pytest

from backbone.errors import Unavailable
from processor_orchestrator.domain import cloudlet as cloudlets
from processor_orchestrator.domain.cloudlet import Caller

BEAT = 5.0
A, B, OURS = Caller("10.0.0.1", 8100), Caller("10.0.0.2", 8100), Caller("10.0.0.3", 8100, "run-1")


def after(*changes):
    roster = {}
    for change in changes:
        made = change(roster)
        roster.update({key: known for key, known in made.items() if known is not None})
        for key in [key for key, known in made.items() if known is None]:
            del roster[key]
    return roster


def joining(caller, now=0.0):
    return lambda roster: cloudlets.joined(roster, caller, now=now)


def phone(now=0.0):
    return lambda roster: cloudlets.phone_joined(roster, now=now, heartbeat=BEAT)


def test_phones_are_spread_by_load():
    roster = after(joining(A), joining(B, 1.0), joining(OURS, 2.0), *(phone(2.0) for _ in range(10)))
    assert [roster[caller.key].phones for caller in (A, B, OURS)] == [4, 3, 3]


def test_nobody_alive_means_no_cloudlet():
    assert after(phone()) == {}
    roster = after(joining(A))
    assert cloudlets.phone_joined(roster, now=3 * BEAT, heartbeat=BEAT) != {}
    assert cloudlets.phone_joined(roster, now=3 * BEAT + 0.1, heartbeat=BEAT) == {}


def test_a_phones_leave_takes_one_and_never_below_none():
    def leaving(roster):
        return cloudlets.phone_left(roster, A, now=0.0)

    roster = after(joining(A), phone(), phone(), leaving)
    assert roster[A.key].phones == 1
    assert after(joining(A), phone(), leaving, leaving)[A.key].phones == 0
    assert cloudlets.phone_left({}, A, now=0.0) == {}


def test_a_phone_that_gives_a_cloudlet_up_is_counted_there_no_longer():
    def moving(roster, now=0.0):
        return cloudlets.phone_joined(roster, now=now, heartbeat=BEAT, gave_up=A.key)

    roster = after(joining(A), joining(B, 1.0), phone(), phone(), phone())
    assert [roster[caller.key].phones for caller in (A, B)] == [2, 1]
    roster = after(lambda _: roster, moving, moving, moving)
    assert [roster[caller.key].phones for caller in (A, B)] == [0, 4], "never back to the one that does not answer"
    assert list(moving(roster)) == [B.key, A.key], "the chosen one first"
    assert after(joining(A), phone(), moving)[A.key].phones == 1, "unless no other one lives"
    assert moving({}) == {}
    dead = moving(after(joining(A), phone()), 3 * BEAT + 0.1)
    assert dead[A.key].phones == 0


def test_a_legacy_heartbeat_counts_for_its_address_only():
    roster = after(joining(A), joining(B))
    roster = after(joining(A), joining(B), lambda known: cloudlets.beaten_at(known, A.ip, now=14.0, heartbeat=BEAT))
    assert [roster[caller.key].alive(now=20.0, heartbeat=BEAT) for caller in (A, B)] == [True, False]


def test_a_heartbeat_with_identity_brings_a_cloudlet_in():
    roster = after(lambda known: cloudlets.beaten(known, OURS, now=7.0, heartbeat=BEAT))
    assert roster[OURS.key].epoch == "run-1"
    assert not roster[OURS.key].ready(now=7.0)
    assert roster[OURS.key].ready(now=10.0)


def test_the_same_run_keeps_its_phones_a_new_one_does_not():
    same = after(joining(OURS), phone(), joining(OURS, 1.0))
    assert same[OURS.key].phones == 1
    assert after(joining(OURS), phone(), joining(Caller(OURS.ip, OURS.port, "run-2")))[OURS.key].phones == 0
    assert after(joining(A), phone(), joining(A))[A.key].phones == 0


def test_the_phones_of_one_that_was_dead_were_sent_elsewhere():
    roster = after(joining(OURS), phone(), lambda known: cloudlets.beaten(known, OURS, now=16.0, heartbeat=BEAT))
    assert roster[OURS.key].phones == 0


def test_asking_for_jobs_makes_ready():
    roster = after(joining(A), lambda known: cloudlets.asked(known, A, now=0.5))
    assert roster[A.key].ready(now=0.5)
    assert after(lambda known: cloudlets.asked(known, A, now=0.5))[A.key].asked


def test_another_servers_counts_are_taken_for_those_that_are_known():
    roster = after(joining(A), lambda known: cloudlets.phones_told(known, {A.key: 7, B.key: 3}))
    assert cloudlets.phones_by_key(roster.values(), now=0.0, heartbeat=BEAT) == {A.key: 7}
    assert after(joining(A), lambda known: cloudlets.phones_told(known, {A.key: -2}))[A.key].phones == 0


def test_the_long_dead_are_forgotten():
    roster = after(joining(A), joining(B, 100.0))
    assert cloudlets.forgotten(roster, now=cloudlets.FORGOTTEN_AFTER + 1) == {A.key: None}


def test_the_roster_is_bounded(monkeypatch):
    monkeypatch.setattr(cloudlets, "MAX_CLOUDLETS", 1)
    roster = after(joining(A))
    with pytest.raises(Unavailable, match="at most 1 cloudlets"):
        cloudlets.joined(roster, B, now=0.0)
    assert cloudlets.joined(roster, A, now=1.0)


def test_an_address_of_version_6_stands_in_brackets():
    assert Caller("fd00::1", 8100).key == "[fd00::1]:8100"
