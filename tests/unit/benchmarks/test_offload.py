import json
import subprocess
from pathlib import Path

import pytest

from benchmarks import offload, offload_sides
from benchmarks.comparison import ResultsDiffer
from benchmarks.offload import PROBES, Run, Work, caution, check, compare, load, percentile, table
from benchmarks.offload_load import Device, anew
from benchmarks.offload_programs import PROGRAMS, Program, request
from benchmarks.offload_sides import Side
from benchmarks.peers.legacy_gateway import run

OURS, THEIRS = Side(1, Path("ours")), Side(2, Path("theirs"))
WORK = Work("small, same source again", 2, 2, 3)


@pytest.fixture
def results(monkeypatch, tmp_path):
    monkeypatch.setattr(offload, "RESULTS", tmp_path / "RESULTS.md")
    return tmp_path / "RESULTS.md"


@pytest.mark.parametrize("fault", [ResultsDiffer("letters: ours 'a', theirs 'b'"), TimeoutError("letters: no answer")])
def test_sides_that_differ_fail_the_command_and_leave_the_table_alone(monkeypatch, results, capsys, fault):
    def differ(_runs, _single, _many):
        raise fault

    monkeypatch.setattr(offload, "measured", differ)
    assert offload.main([]) == 1
    assert "letters" in capsys.readouterr().out
    assert not results.exists()


def test_a_machine_without_the_programs_is_told_which(monkeypatch, results, capsys):
    monkeypatch.setattr(offload_sides, "missing", lambda: ["mosquitto", "bwrap"])
    assert offload.main([]) == 1
    assert "expected mosquitto, bwrap on the PATH" in capsys.readouterr().out
    assert not results.exists()


def test_the_table_is_kept_when_both_sides_agree(monkeypatch, results):
    monkeypatch.setattr(offload, "measured", lambda runs, single, many: f"{runs} runs of {single} and {many}\n")
    assert offload.main(["--runs", "1", "--single", "2", "--many", "3"]) == 0
    assert "## Offload" in results.read_text()
    assert "5 runs of 2 and 3" in results.read_text()


def test_one_program_that_says_something_else_is_a_difference(monkeypatch):
    monkeypatch.setattr(offload, "answers", lambda side, wanted: dict.fromkeys(wanted, str(side.password_file)))
    with pytest.raises(ResultsDiffer, match="ours 'ours', theirs 'theirs'"):
        check(OURS, THEIRS)


def test_one_run_that_is_answered_with_other_words_is_a_difference(monkeypatch):
    monkeypatch.setattr(offload, "load", lambda side, _work, _run: Run(1.0, [1.0], str(side.password_file)))
    with pytest.raises(ResultsDiffer, match="run 0 was answered with other words"):
        compare(OURS, THEIRS, WORK, 5)


def test_a_device_that_was_not_answered_is_a_difference(monkeypatch):
    told = {"whole": 1.0, "seconds": [], "digest": "", "failed": ["expected an answer"]}
    monkeypatch.setattr(offload, "told_by", lambda *_, **__: told)
    with pytest.raises(ResultsDiffer, match="same source again: expected an answer"):
        load(OURS, WORK, "0")


def test_the_table_tells_both_sides_and_the_ratio():
    ours, theirs = [Run(100.0, [10.0, 20.0, 30.0], "a")], [Run(20.0, [50.0, 60.0], "a")]
    text = table({WORK: (ours, theirs)})
    assert "| small, same source again, 4 at once | **20.0** / 30.0 | **50.0** / 60.0 | 100.0 / 100.0 / 100.0 |" in text
    assert "5.00 / **5.00** / 5.00" in text
    assert percentile(list(range(1, 101)), 0.99) == 99


def test_figures_of_a_busy_machine_say_so():
    assert caution(1.9, 2) == ""
    assert "load 13.6, 2 cores" in caution(13.57, 2)


def test_the_legacy_way_makes_and_runs_what_a_request_brings():
    assert run(PROBES["a separator in the source"]) == b"a----b\n"
    assert run(PROBES["its arguments"]) == b"first\ntwo words\nthird\n"
    for program in PROGRAMS.values():
        first, second = (run(request("word", each)) for each in (program, anew(program, "new")))
        assert first == second
        assert first.startswith(b"word ")
    with pytest.raises(subprocess.CalledProcessError):
        run(request("", Program("no C", "gcc <name>.c -o <name>")))


def test_devices_are_answered_through_the_broker_by_the_legacy_gateway():
    with offload_sides.legacy() as side:
        assert offload.answers(side, {"letters": PROBES["letters"]}) == {"letters": "äöü ✓\n"}
        told = load(side, Work("few", 2, 2, 3, fresh=True), "test")
        assert (len(told.millis), len(json.dumps(told.digest))) == (6, 66)
        with pytest.raises(TimeoutError, match="device-1 within"), Device(side.port, "device-1", side.password) as one:
            one.answer(within=0.1)
