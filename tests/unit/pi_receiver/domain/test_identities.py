"""Who is let in by ids.txt, and which station each Pi may write to."""

import pytest

from pi_receiver.domain.identities import Roster, fingerprint, identify
from pi_receiver.domain.refusals import Unlisted

ONE, TWO, THREE = "0123456789abcdef", "1123456789abcdef", "2123456789abcdef"
ROSTER = Roster.parse(f"{ONE}\n{TWO},7\n# a remark\n\n{THREE},8,a-long-key # the shed\n")


def asked(roster=ROSTER, bindings=None, *, pi_id=ONE, pi_num="1", key=""):
    return identify(roster, bindings or {}, pi_id=pi_id, pi_num=pi_num, key=key)


def test_a_line_says_id_station_and_key():
    assert len(ROSTER.lines) == 3
    assert ROSTER.faults == ()
    assert (ROSTER.lines[fingerprint(THREE)].station, ROSTER.lines[fingerprint(THREE)].key) == ("8", "a-long-key")


def test_lines_that_say_nothing_known_let_nobody_in_and_are_named():
    roster = Roster.parse(f"short\n{ONE},x\n{TWO},1,short\n{THREE},1,a-long-key,more\n{ONE} {TWO}\n")
    assert (dict(roster.lines), roster.faults) == ({}, (1, 2, 3, 4, 5))


def test_the_first_station_is_new_and_then_on_record():
    identity, new = asked()
    assert (identity.station, new) == ("1", True)
    assert asked(bindings={identity.pi: "1"}) == (identity, False)
    with pytest.raises(Unlisted):
        asked(bindings={identity.pi: "1"}, pi_num="2")


def test_hex_digits_come_in_either_case():
    assert asked(pi_id=ONE.upper())[0] == asked()[0]


@pytest.mark.parametrize("pi_num", ["", "x", "-1", "1/..", "1" * 10, "\u0661"])
def test_a_station_is_a_number(pi_num):
    with pytest.raises(Unlisted):
        asked(pi_num=pi_num)


def test_nobody_takes_a_station_that_is_listed_or_on_record_for_another():
    with pytest.raises(Unlisted):
        asked(pi_num="7")
    with pytest.raises(Unlisted):
        asked(bindings={"another": "1"}, pi_num="1")


def test_the_list_wins_over_what_is_on_record():
    assert asked(bindings={fingerprint(TWO): "3"}, pi_id=TWO, pi_num="7")[0].station == "7"


def test_a_key_on_the_list_is_asked_for():
    assert asked(pi_id=THREE, pi_num="8", key="a-long-key")[0].station == "8"
    for key in ("", "another-key", "a-long-ke", "\u00e4"):
        with pytest.raises(Unlisted):
            asked(pi_id=THREE, pi_num="8", key=key)


def test_unknown_and_wrong_are_told_the_same():
    told = set()
    for wrong in ({"pi_id": "f" * 16}, {"pi_id": "nonsense"}, {"pi_id": THREE, "pi_num": "8"}, {"pi_num": "7"}):
        with pytest.raises(Unlisted) as refusal:
            asked(**wrong)
        told.add(refusal.value.message)
    assert len(told) == 1
