"""The store: what is acknowledged is on the disk, and nothing that lies there is ever replaced."""

import hashlib

import pytest

from backbone.errors import Unavailable
from pi_receiver.domain.refusals import NoSpace
from pi_receiver.storage.ledger import Received
from pi_receiver.storage.store import Whole
from tests.fakes.receiver_parts import Parts, PowerCut


@pytest.fixture
def parts(tmp_path) -> Parts:
    return Parts(tmp_path)


def whole(parts: Parts, name: str, content: bytes, station: str = "1") -> Whole:
    """Return a file that came whole, and lies on the disk under a temporary name."""
    digest = hashlib.sha256(content).hexdigest()
    path = parts.store.temporary()
    path.write_bytes(content)
    return Whole(path, parts.store.seal_sidecar(digest, name), name, station, digest, len(content), 5.0)


def keep(parts: Parts, name: str, content: bytes) -> Received:
    kept = parts.store.keep([whole(parts, name, content)])[0]
    assert isinstance(kept, Received), kept
    return kept


def line(content: bytes, name: str) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()} {name}\n".encode()


def test_a_file_is_in_the_ledger_only_after_its_folder_is_on_the_disk(parts):
    keep(parts, "a.txt", b"one")
    assert parts.steps.taken == [
        "fsync sidecar",
        "make station1",
        f"fsync folder {parts.folder.name}",
        "rename a.txt.sha256",
        "link a.txt",
        "link a.sha256",
        "fsync folder station1",
        "ledger",
    ]
    assert parts.left_over() == []


@pytest.mark.parametrize("step", ["make", "rename", "link a.txt", "link a.sha256", "fsync folder station1", "ledger"])
def test_a_cut_before_any_step_leaves_a_file_whole_or_unseen_and_the_next_try_keeps_it_once(parts, step):
    parts.steps.cut_before = step
    with pytest.raises(PowerCut):
        keep(parts, "a.txt", b"one")
    assert parts.files() in ({}, {"station1/a.txt": b"one"})
    assert parts.store.ledger.totals() == (0, 0)
    parts.steps.cut_before = ""
    keep(parts, "a.txt", b"one")
    assert parts.visible() == {
        "station1/a.txt": b"one",
        "station1/a.txt.sha256": line(b"one", "a.txt"),
        "station1/a.sha256": line(b"one", "a.txt"),
    }
    assert parts.store.ledger.totals() == (1, 3)


def test_the_same_file_again_counts_once(parts):
    assert keep(parts, "a.txt", b"one") == keep(parts, "a.txt", b"one")
    assert parts.store.ledger.totals() == (1, 3)
    assert parts.left_over() == []


def test_another_file_of_that_name_is_a_new_version(parts):
    kept = [keep(parts, "a.txt", content) for content in (b"one", b"two", b"one", b"three", b"two")]
    assert [(one.stored, one.version) for one in kept] == [
        ("a.txt", 1),
        ("a.v2.txt", 2),
        ("a.txt", 1),
        ("a.v3.txt", 3),
        ("a.v2.txt", 2),
    ]
    assert parts.visible()["station1/a.v2.txt.sha256"] == line(b"two", "a.v2.txt")
    assert parts.visible()["station1/a.v2.sha256"] == line(b"two", "a.v2.txt")


def test_files_that_share_a_stem_leave_the_short_digest_to_the_first_of_them(parts):
    keep(parts, "a.txt", b"one")
    keep(parts, "a.csv", b"two")
    seen = parts.visible()
    assert seen["station1/a.sha256"] == line(b"one", "a.txt")
    assert seen["station1/a.csv.sha256"] == line(b"two", "a.csv")
    assert [one.stored for one in parts.store.ledger.all()] == ["a.txt", "a.csv"]


@pytest.mark.parametrize("names", [("a.txt", "a.txt.csv"), ("a.txt.csv", "a.txt")])
def test_a_short_digest_never_stands_in_the_place_of_a_full_one(parts, names):
    for name in names:
        keep(parts, name, name.encode())
    seen = parts.visible()
    for name in names:
        assert seen[f"station1/{name}.sha256"] == line(name.encode(), name)


def test_a_short_digest_gives_way_when_a_file_that_lay_there_is_adopted(parts):
    keep(parts, "a.txt.csv", b"two")
    (parts.folder / "station1" / "a.txt").write_bytes(b"one")
    keep(parts, "a.txt", b"one")
    assert parts.visible()["station1/a.txt.sha256"] == line(b"one", "a.txt")


def test_a_digest_of_the_first_receiver_stays(parts):
    (parts.folder / "station1").mkdir()
    (parts.folder / "station1" / "a.sha256").write_bytes(b"of the first receiver")
    keep(parts, "a.txt", b"one")
    assert parts.visible()["station1/a.sha256"] == b"of the first receiver"


def test_what_lay_there_before_is_never_replaced(parts):
    where = parts.folder / "station1"
    where.mkdir()
    (where / "old.txt").write_bytes(b"old")
    (where / "trap.txt").symlink_to("/etc/passwd")
    assert keep(parts, "old.txt", b"new").stored == "old.v2.txt"
    assert keep(parts, "trap.txt", b"new").stored == "trap.v2.txt"
    assert keep(parts, "old.txt", b"old").stored == "old.txt", "it is the one that came"
    assert (where / "trap.txt").is_symlink()


def test_a_file_that_somebody_took_away_comes_back_under_its_name_and_no_other_gets_it(parts):
    keep(parts, "a.txt", b"one")
    (parts.folder / "station1" / "a.txt").unlink()
    assert keep(parts, "a.txt", b"two").stored == "a.v2.txt"
    assert keep(parts, "a.txt", b"one").stored == "a.txt"


def test_diagnostics_have_a_folder_of_their_own(parts):
    assert keep(parts, "Diagnostic.txt", b"ok").path == "diagnostics/station1/Diagnostic.txt"


def test_a_station_folder_that_leads_elsewhere_is_not_followed(parts, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (parts.folder / "station1").symlink_to(elsewhere)
    assert isinstance(parts.store.keep([whole(parts, "a.txt", b"one")])[0], Unavailable)
    assert list(elsewhere.iterdir()) == []


def test_one_file_that_cannot_be_kept_takes_no_neighbour_along(parts):
    batch = [whole(parts, "a.txt", b"one"), whole(parts, "b.txt", b"two", station="2"), whole(parts, "c.txt", b"three")]
    (parts.folder / "station2").write_bytes(b"no folder")
    first, second, third = parts.store.keep(batch)
    assert isinstance(second, Unavailable)
    assert {one.stored for one in (first, third) if isinstance(one, Received)} == {"a.txt", "c.txt"}
    assert parts.steps.taken.count("fsync folder station1") == 1, "many files, one sync"
    assert batch[1].path.exists(), "it may be tried again"


def test_a_full_disk_is_told_and_keeps_what_it_has(parts):
    keep(parts, "a.txt", b"one")
    parts.steps.full = True
    with pytest.raises(NoSpace):
        parts.store.seal_sidecar("0" * 64, "b.txt")
    assert parts.files() == {"station1/a.txt": b"one"}
    assert parts.left_over() == []
    parts.steps.full = False
    keep(parts, "b.txt", b"two")
    assert parts.files() == {"station1/a.txt": b"one", "station1/b.txt": b"two"}


def test_without_its_ledger_nothing_is_acknowledged_and_the_temporary_file_stays(parts):
    file = whole(parts, "a.txt", b"one")
    parts.steps.ledger_away = True
    assert isinstance(parts.store.keep([file])[0], Unavailable)
    assert file.path.exists()
    assert parts.store.ledger.totals() == (0, 0)


async def test_what_a_kill_left_is_gone_after_the_next_start_and_one_process_has_the_folder(parts):
    whole(parts, "a.txt", b"one")
    assert len(parts.left_over()) == 2
    with pytest.raises(Unavailable, match="only receiver"):
        Parts(parts.folder)
    await parts.store.aclose()
    again = Parts(parts.folder)
    assert again.left_over() == []
    await again.store.aclose()
