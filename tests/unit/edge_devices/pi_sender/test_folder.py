"""What of a folder is sent, and that only what was received is moved."""

import os
from pathlib import Path

import pytest

from edge_devices.pi_sender.folder import FileChanged, Outbox, Waiting
from edge_devices.pi_sender.holding import Holding
from edge_devices.pi_sender.resume_notes import MOST_NOTES, ResumeNotes


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    folder = tmp_path / "logs"
    (folder / "sub" / "deep").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "sub/deep/c.csv", ".hidden", "sub/.also"):
        (folder / name).write_text(name)
    (folder / "link").symlink_to(folder / "a.csv")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    return Outbox(folder)


def test_files_of_all_sub_folders_are_found_and_nothing_else(outbox: Outbox) -> None:
    found = outbox.waiting()
    assert [str(waiting.path) for waiting in found] == ["a.csv", "b.csv", "sub/deep/c.csv"]
    assert [waiting.name for waiting in found] == ["a.csv", "b.csv", "sub__deep__c.csv"]


def test_what_is_being_written_is_left_for_later(outbox: Outbox, tmp_path: Path) -> None:
    times = {"b.csv": 100.0, "a.csv": 102.0, "sub/deep/c.csv": 1_000_000.0}
    for name, at in times.items():
        os.utime(tmp_path / "logs" / name, (at, at))
    settled = [str(waiting.path) for waiting in outbox.waiting(now=103.0)]
    assert settled == ["b.csv", "sub/deep/c.csv"], "the clock was ahead once: that is no reason to wait for years"
    assert len(outbox.waiting()) == 3


def test_a_folder_that_cannot_be_read_is_named_and_the_others_go(outbox: Outbox, monkeypatch) -> None:
    really = os.scandir

    def scandir(folder: Path):
        if folder.name == "deep":
            raise PermissionError
        return really(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [str(waiting.path) for waiting in outbox.waiting()] == ["a.csv", "b.csv"]
    assert outbox.unread == [Path("sub/deep")]
    monkeypatch.undo()
    outbox.waiting()
    assert outbox.unread == []


def test_a_file_that_changed_is_neither_received_nor_moved(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "logs" / "a.csv").write_bytes(bytes(200_000))
    waiting = outbox.waiting()[0]
    with outbox.open(waiting) as file:
        (tmp_path / "logs" / "a.csv").write_bytes(b"x" * 300_000)
        with pytest.raises(FileChanged):
            file.check()
        assert len(file.read_at(199_000, 5_000)) == 1_000, "never more than was announced"
        (tmp_path / "logs" / "a.csv").write_text("x")
        with pytest.raises(FileChanged):
            file.read_at(0, 100_000)
    with pytest.raises(FileChanged):
        outbox.move(waiting)
    with pytest.raises(FileChanged):
        outbox.open(waiting)
    assert not outbox.sent.exists()


def test_a_sent_file_lies_beside_the_folder_and_replaces_none(outbox: Outbox, tmp_path: Path) -> None:
    waiting = outbox.waiting()[2]
    assert outbox.move(waiting) == tmp_path / "sent_files" / "sub" / "deep" / "c.csv"
    (tmp_path / "logs" / "sub" / "deep" / "c.csv").write_text("second")
    assert outbox.move(outbox.waiting()[2]).name == "c.2.csv"


def test_notes_outlive_the_process_and_a_broken_file_costs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "notes.json"
    notes = ResumeNotes(file, "http://a")
    notes.remember("one", "/files/1")
    assert ResumeNotes(file, "http://a").place_of("one") == "/files/1"
    assert ResumeNotes(file, "http://b").place_of("one") is None
    notes.forget("one")
    assert not file.exists()
    for broken in ("{", "[]", '{"http://a one": "http://evil/"}', '{"http://a one": 5}'):
        file.write_text(broken)
        assert ResumeNotes(file, "http://a").place_of("one") is None
    for number in range(MOST_NOTES + 1):
        notes._notes[f"http://a {number}"] = "/x"
    notes.remember("last", "/files/9")
    assert len(ResumeNotes(file, "http://a")._notes) == MOST_NOTES


def test_what_could_not_be_sent_is_left_alone_longer_each_time_and_holds_up_no_other() -> None:
    holding, bad, good = Holding(first=10.0, limit=30.0), Waiting(Path("bad"), 1, 1), Waiting(Path("good"), 1, 1)
    assert holding.due([bad, good], 0.0) == [bad, good]
    holding.keep([bad], 0.0)
    assert holding.due([bad, good], 5.0) == [good]
    assert holding.due([bad, good], 10.0) == [bad, good]
    holding.keep([bad], 10.0)
    assert holding.due([bad], 23.0) == []
    assert holding.due([Waiting(Path("bad"), 1, 2)], 23.0) != [], "it changed"
    assert holding.due([bad], 23.0) == [bad], "what went away is forgotten"
