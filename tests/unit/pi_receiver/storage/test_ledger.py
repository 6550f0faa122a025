"""What was received, who is bound where, what is unfinished: kept, counted, and read from files of older versions."""

import shutil
from pathlib import Path

import pytest

from backbone.errors import Unavailable
from pi_receiver.storage.ledger import Ledger, Received, Unfinished

KEPT = Path(__file__).parent / "kept" / "ledger.sqlite3"
"""Written before files noted their version."""

ANNA, BORIS = "0123456789abcdef", "fedcba9876543210"


def received(name="a.txt", *, station="7", version=1, digest="a", size=5, at=1000.5) -> Received:
    stored = name if version == 1 else name.replace(".", f".{version}.")
    return Received(f"station{station}", name, stored, version, station, digest * 64, size, at)


def unfinished(upload_id="u1", *, offset=40, receipt="") -> Unfinished:
    return Unfinished(upload_id, ANNA, "7", "big.bin", "d" * 64, 100, offset, 2000.0, receipt)


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite3")
    yield made
    made.close()


def everything_in_the_kept_file(ledger: Ledger) -> None:
    first, second = received(), received(version=2, digest="b", size=6, at=1001.5)
    third = received("b.jpg", station="8", digest="c", size=7, at=1002.5)
    assert list(ledger.all()) == [first, second, third]
    assert ledger.to_forward(9) == [(2, second), (3, third)]
    assert ledger.bindings() == {ANNA: "7", BORIS: "8"}
    done = Unfinished("u2", BORIS, "8", "done.bin", "e" * 64, 10, 10, 2001.0, '{"receipt":1}')
    assert ledger.unfinished() == [unfinished(), done]


def test_a_file_of_an_older_version_is_found_whole_and_goes_on(tmp_path):
    shutil.copy(KEPT, tmp_path / "ledger.sqlite3")
    for _ in range(2):
        ledger = Ledger(tmp_path / "ledger.sqlite3")
        everything_in_the_kept_file(ledger)
        ledger.close()
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    ledger.add([received("new.txt")])
    assert ledger.to_forward(9)[-1] == (4, received("new.txt"))
    ledger.close()


def test_a_file_of_an_older_version_can_be_read_where_nothing_may_be_changed(tmp_path):
    shutil.copy(KEPT, tmp_path / "ledger.sqlite3")
    ledger = Ledger(tmp_path / "ledger.sqlite3", read_only=True)
    everything_in_the_kept_file(ledger)
    ledger.close()
    assert (tmp_path / "ledger.sqlite3").read_bytes() == KEPT.read_bytes()


def test_what_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "ledger.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match=r"ledger ledger.sqlite3: expected a ledger") as caught:
        Ledger(tmp_path / "ledger.sqlite3")
    assert caught.value.code == "bad_ledger"


def test_a_ledger_that_is_not_there_is_not_made_by_who_only_reads(tmp_path):
    with pytest.raises(Unavailable):
        Ledger(tmp_path / "ledger.sqlite3", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_files_are_found_by_name_place_and_station(ledger):
    first, second = received(), received(version=2, digest="b", size=6, at=1001.5)
    ledger.add([second, first])
    ledger.add([received(station="8", size=7, at=1.0)])
    assert ledger.versions("station7", "a.txt") == [first, second]
    assert (ledger.holds("station7", "a.2.txt"), ledger.holds("station7", "a.3.txt")) == (True, False)
    assert ledger.of_station("7", before=9, limit=9) == [(2, first), (1, second)]
    assert ledger.of_station("7", before=2, limit=9) == [(1, second)]
    assert ledger.stations() == [("7", 2, 11, 1001.5), ("8", 1, 7, 1.0)]
    assert ledger.totals() == (3, 18)
    assert first.path == "station7/a.txt"


def test_a_file_that_is_noted_again_counts_once(ledger):
    ledger.add([received()])
    ledger.add([received(digest="b")])
    assert list(ledger.all()) == [received(digest="b")]


def test_what_was_forwarded_needs_to_go_nowhere_any_more(ledger):
    ledger.add([received(), received("b.txt"), received("c.txt")])
    ledger.forwarded([1, 2])
    assert ledger.to_forward(9) == [(3, received("c.txt"))]


def test_a_pi_has_one_station_and_a_station_one_pi(ledger):
    assert [ledger.bind(ANNA, "7"), ledger.bind(ANNA, "8"), ledger.bind(BORIS, "7")] == [True, False, False]
    assert ledger.bindings() == {ANNA: "7"}


def test_an_upload_is_noted_as_it_grows_and_forgotten(ledger):
    ledger.put_unfinished(unfinished(offset=0))
    ledger.put_unfinished(unfinished(offset=100, receipt="{}"))
    assert ledger.unfinished() == [unfinished(offset=100, receipt="{}")]
    ledger.drop_unfinished("u1")
    assert ledger.unfinished() == []


def test_a_change_that_cannot_be_kept_is_told(tmp_path, ledger):
    reader = Ledger(tmp_path / "ledger.sqlite3", read_only=True)
    with pytest.raises(Unavailable) as caught:
        reader.add([received()])
    assert caught.value.code == "ledger_unavailable"
    reader.close()
