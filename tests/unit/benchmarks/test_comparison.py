import sys

import pytest

from benchmarks.children import told_by
from benchmarks.comparison import LEAST_RUNS, Comparison, ResultsDiffer, measure
from benchmarks.results import table, write_section


def comparison(**changes):
    done = {"name": "add", "peer": "abacus", "ours": int, "theirs": int, "check": lambda: "the same sum", "goal": "-"}
    return Comparison(**(done | changes))


def test_both_sides_are_done_in_turns_and_at_least_five_times():
    done = []
    measured = measure(comparison(ours=lambda: done.append("o"), theirs=lambda: done.append("t"), repeat=2), runs=1)
    assert "".join(done) == "too" * LEAST_RUNS
    assert measured.found == "the same sum"
    assert measured.ratio.least <= measured.ratio.middle <= measured.ratio.most


def test_sides_that_differ_are_not_timed():
    def differ():
        raise ResultsDiffer("1 is not 2")

    def never():
        raise AssertionError("timed")

    with pytest.raises(ResultsDiffer, match="1 is not 2"):
        measure(comparison(check=differ, ours=never, theirs=never))


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_section("Faces", "old", path)
    write_section("Streams", "kept\n\nas it is", path)
    write_section("Faces", table([measure(comparison())], {"add": {"ours": 10, "theirs": 20}}), path)
    text = path.read_text(encoding="utf-8")
    assert "old" not in text
    assert "## Streams\n\nkept\n\nas it is\n" in text
    assert "| add | abacus |" in text
    assert "| 10 / 20 | the same sum |" in text


def test_the_peak_is_that_of_the_work_alone():
    ballast = bytearray(300_000_000)
    program = "from benchmarks import peak_memory; bytearray(10**8); print(peak_memory.own_peak_megabytes())"
    assert 100 < told_by([sys.executable, "-c", program], timeout=60) < 300
    assert ballast
