"""Built programs on disk: whole or not at all, bounded, and shared by several processes."""

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from job_workers.domain.sandbox_file import SandboxFile
from job_workers.offload.build_cache import LEFT_SECONDS, BuildCache

FILES = (SandboxFile("program", b"\x7fELF" * 100, executable=True), SandboxFile("data/table", b"1 2 3"))


@pytest.fixture
def cache(tmp_path):
    made = BuildCache(tmp_path / "cache", most_bytes=100_000)
    made.prepare()
    return made


def entries(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


def test_what_was_put_in_comes_out(cache):
    assert cache.get("key") is None
    cache.put("key", FILES)
    assert cache.get("key") == FILES


def test_its_folder_is_its_owners_alone(cache, tmp_path):
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_a_damaged_entry_is_none_and_is_deleted(cache, tmp_path):
    for damage in (b"", b"short", b"x" * 500):
        cache.put("key", FILES)
        path = tmp_path / "cache" / "key"
        path.write_bytes(damage or path.read_bytes()[:-1] + b"?")
        assert cache.get("key") is None
        assert entries(tmp_path) == []


def test_the_longest_unused_go_first_and_the_bound_holds(cache, tmp_path):
    for number in range(4):
        cache.put(f"old{number}", (SandboxFile("p", bytes(20_000)),))
        os.utime(tmp_path / "cache" / f"old{number}", (number, number))
    assert cache.get("old0") is not None, "using it makes it young"
    cache.put("new", (SandboxFile("p", bytes(24_000)),))
    assert entries(tmp_path) == ["new", "old0", "old2", "old3"]
    assert sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) <= 100_000


def test_what_would_crowd_out_the_rest_is_not_kept(cache, tmp_path):
    cache.put("huge", (SandboxFile("p", bytes(30_000)),))
    assert entries(tmp_path) == []


def test_what_a_dead_worker_left_half_written_is_deleted_later(cache, tmp_path):
    left = tmp_path / "cache" / ".new-left"
    left.write_bytes(b"half")
    cache.put("one", FILES)
    assert left.exists(), "somebody may be writing it"
    os.utime(left, (left.stat().st_mtime - LEFT_SECONDS - 1,) * 2)
    cache.put("two", FILES)
    assert entries(tmp_path) == ["one", "two"]


def _hammer(folder: str) -> int:
    cache = BuildCache(Path(folder), most_bytes=40_000)
    strange = 0
    for turn in range(150):
        key = f"key{turn % 7}"
        cache.put(key, (SandboxFile("p", key.encode() * 1000),))
        found = cache.get(key)
        strange += found is not None and found[0].content != key.encode() * 1000
    return strange


def test_processes_that_share_it_never_see_half_of_an_entry(cache, tmp_path):
    with ProcessPoolExecutor(3) as pool:
        assert list(pool.map(_hammer, [str(tmp_path / "cache")] * 3)) == [0, 0, 0]
    assert all(not name.startswith(".new-") for name in entries(tmp_path))
