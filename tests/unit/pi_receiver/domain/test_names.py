"""Which names are taken, and where their files go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbone.errors import BadInput
from pi_receiver.domain.names import check_name, folder_of, short_sidecar, version_name
from pi_receiver.domain.refusals import FieldMissing, WrongKind

SUFFIXES = frozenset({"txt", "csv"})


TAKEN = ["a.txt", "A.TXT", "2026-11-21 07.30.csv", "-5C.txt", "messung-ä.txt", "a&'(1).txt"]


@pytest.mark.parametrize("name", [*TAKEN, "2026-11-21T07:30:05.123.csv", "2026-11-21 07:30:05+00:00.txt"])
def test_plain_names_are_taken_as_they_come(name):
    assert check_name(name, SUFFIXES) == name


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_is_a_missing_field(name):
    with pytest.raises(FieldMissing):
        check_name(name, SUFFIXES)


@pytest.mark.parametrize("name", ["C:a.txt", "1:a.txt", "a:1.txt", ":1.txt", "1:.txt", "1::2.txt", "a.txt:b.txt"])
def test_a_colon_that_is_of_no_time_is_refused(name):
    with pytest.raises(BadInput, match="between digits"):
        check_name(name, SUFFIXES)


@pytest.mark.parametrize("name", ["a", "a.", "a.exe", "txt", "a.txt.gz", "a.sha256"])
def test_other_suffixes_are_refused(name):
    with pytest.raises((WrongKind, BadInput)):
        check_name(name, SUFFIXES)


@given(st.text(max_size=300))
def test_whatever_is_taken_is_one_plain_name_in_its_folder(name):
    try:
        taken = check_name(f"{name}.txt", SUFFIXES)
    except BadInput:
        return
    assert taken == f"{name}.txt"
    assert not {"/", "\\", "\0"} & set(taken)
    assert not taken.startswith(".")
    assert taken.isprintable()
    assert len(version_name(taken, 9_999).encode()) + len(".sha256") <= 255


def test_diagnostics_have_a_folder_of_their_own():
    assert folder_of("a.txt", "7") == "station7"
    assert folder_of("My-Diagnostic.txt", "7") == "diagnostics/station7"


def test_versions_keep_their_suffix():
    assert [version_name("a.b.txt", version) for version in (1, 2, 10)] == ["a.b.txt", "a.b.v2.txt", "a.b.v10.txt"]


@pytest.mark.parametrize(
    ("stored", "short"), [("a.txt", "a.sha256"), ("a.v2.txt", "a.v2.sha256"), ("a.txt.csv", "a.txt.sha256")]
)
def test_the_short_name_of_a_digest_has_it_in_the_place_of_the_suffix(stored, short):
    assert short_sidecar(stored) == short
