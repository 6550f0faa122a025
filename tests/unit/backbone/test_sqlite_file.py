"""One file under the spool and the ledger: layouts, transactions, faults, kills."""

import resource
import shutil
import sqlite3
import threading
from contextlib import contextmanager

import pytest

from backbone.errors import BadInput, Unavailable
from backbone.sqlite_file import Layout, SqliteFile

FIRST = "CREATE TABLE IF NOT EXISTS things(name TEXT PRIMARY KEY, content BLOB);"
SECOND = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';"
ONE, TWO = Layout("shelf", (FIRST,)), Layout("shelf", (FIRST, SECOND))
PUT = "INSERT INTO things(name) VALUES (?)"
NAMES = "SELECT name FROM things ORDER BY name"


@contextmanager
def opened(path, layout=ONE, **how):
    file = SqliteFile(path, layout, **how)
    try:
        yield file
    finally:
        file.close()


@contextmanager
def no_file_grows_beyond(size):
    """As a full disk: whatever this process writes past `size` in a file is refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "shelf.sqlite3"


def pragmas(file, *names):
    return [file.rows(f"PRAGMA {name}")[0][0] for name in names]


def test_a_change_is_synced_before_its_call_returns(path):
    with opened(path) as file:
        assert pragmas(file, "journal_mode", "synchronous", "locking_mode") == ["wal", 2, "normal"]


def test_who_asks_for_it_is_alone_and_leaves_nothing_of_what_was_deleted(path):
    with opened(path, alone=True, erase=True) as file:
        assert pragmas(file, "journal_mode", "synchronous", "secure_delete", "locking_mode") == [
            "wal",
            2,
            1,
            "exclusive",
        ]
        file.change(PUT, ("a name to forget",))
        file.change("DELETE FROM things")
        file.erase_journal()
        assert not [one for one in path.parent.iterdir() if b"a name to forget" in one.read_bytes()]
        with pytest.raises(Unavailable, match=r"shelf shelf.sqlite3: .*locked") as caught:
            SqliteFile(path, ONE, wait_seconds=0.0)
        assert caught.value.code == "bad_shelf"


def test_a_file_of_an_older_layout_is_brought_to_the_newest_with_what_it_holds(path):
    with opened(path) as file:
        file.change(PUT, ("lamp",))
    with opened(path, TWO) as file:
        assert file.rows("SELECT name, colour FROM things") == [("lamp", "grey")]
        assert pragmas(file, "user_version") == [2]


def test_a_file_that_notes_no_version_is_one_of_the_first_layout(path):
    with sqlite3.connect(path) as bare:
        bare.executescript(FIRST)
        bare.execute(PUT, ("lamp",))
    bare.close()
    with opened(path, TWO) as file:
        assert file.rows("SELECT name, colour FROM things") == [("lamp", "grey")]


def test_a_file_of_a_newer_version_is_refused_and_stays_as_it_is(path):
    with opened(path, TWO) as file:
        file.change(PUT, ("lamp",))
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="expected a file of version 1 or older, got 2"):
        SqliteFile(path, ONE)
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_the_file_at_the_layout_before_it(path):
    with opened(path) as file:
        file.change(PUT, ("lamp",))
    broken = Layout("shelf", (FIRST, f"{SECOND} INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(Unavailable, match="nowhere"):
        SqliteFile(path, broken)
    with opened(path, TWO) as file:
        assert file.rows(NAMES) == [("lamp",)]


def test_what_is_no_such_file_is_refused_and_stays_as_it_is(path):
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match="shelf") as caught:
        SqliteFile(path, ONE)
    assert caught.value.code == "bad_shelf"
    assert path.read_bytes() == b"not a database" * 100


def test_a_place_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Unavailable, match="shelf"):
        SqliteFile(tmp_path / "nowhere" / "shelf", ONE)


def test_damage_inside_a_file_is_told_when_it_is_met(path):
    with opened(path) as file:
        file.change(PUT, ("lamp" * 1_000,))
    content = bytearray(path.read_bytes())
    for at in range(4096, len(content), 4096):  # every page but the first, which tells the layout
        content[at : at + 100] = b"\xff" * 100
    path.write_bytes(content)
    with opened(path) as file:
        with pytest.raises(Unavailable, match="malformed") as caught:
            file.rows(NAMES)
        assert caught.value.code == "shelf_unavailable"
        with pytest.raises(Unavailable, match="malformed"):
            list(file.each(NAMES))


def test_what_was_kept_is_there_after_a_kill(path, tmp_path):
    (tmp_path / "left").mkdir()
    with opened(path) as file:
        file.change(PUT, ("lamp",))
        for one in (path, path.with_name(f"{path.name}-wal")):
            shutil.copy(one, tmp_path / "left")
    with opened(tmp_path / "left" / path.name) as file:
        assert file.rows(NAMES) == [("lamp",)]


def delete_and_change_ones_mind(file):
    with file.transaction():
        file.change("DELETE FROM things")
        raise BadInput("second thoughts")


def test_a_transaction_is_kept_whole_or_not_at_all(path):
    with opened(path) as file:
        with file.transaction():
            file.change_many(PUT, [("bed",), ("lamp",)])
        with pytest.raises(BadInput):
            delete_and_change_ones_mind(file)
        with pytest.raises(Unavailable, match="UNIQUE"):
            file.change_many(PUT, [("chair",), ("bed",)])
        assert file.rows(NAMES) == [("bed",), ("lamp",)]
        assert file.change("DELETE FROM things WHERE name = ?", ("bed",)) == 1


def test_threads_take_turns(path):
    with opened(path) as file:
        file.change("INSERT INTO things VALUES ('count', 0)")

        def add():
            for _ in range(20):
                with file.transaction():
                    (count,) = file.rows("SELECT content FROM things")[0]
                    file.change("UPDATE things SET content = ?", (count + 1,))

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert file.rows("SELECT content FROM things") == [(80,)]


def test_a_reader_sees_what_a_writer_keeps_and_changes_nothing(path):
    with opened(path) as file, opened(path, read_only=True) as reader:
        file.change(PUT, ("lamp",))
        assert list(reader.each(NAMES)) == [("lamp",)]
        with pytest.raises(Unavailable, match="readonly"):
            reader.change(PUT, ("bed",))
        assert reader.write_fault is not None


def test_a_full_disk_is_told_until_a_change_is_kept_again(path):
    put = "INSERT INTO things VALUES (?, zeroblob(?))"
    with opened(path) as file:
        file.change(put, ("lamp", 10))
        assert file.write_fault is None
        with no_file_grows_beyond(200_000):
            with pytest.raises(Unavailable):
                file.change(put, ("elephant", 1_000_000))
            assert file.write_fault is not None
            with pytest.raises(Unavailable):
                file.try_room(1_000_000)
            with file.transaction():
                assert file.rows(NAMES) == [("lamp",)], "what was there stays"
            assert file.write_fault is not None, "nothing was kept by that"
        file.try_room(1_000_000)
        assert file.write_fault is None
        assert file.rows("SELECT name FROM sqlite_master WHERE name = 'room'") == []
