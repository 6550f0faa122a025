"""What a run's end is called, and the one line that says why."""

import signal

import pytest

from backbone.wire.offload import OffloadTask
from job_workers.domain.ended import Ended
from job_workers.domain.sandbox_policy import Policy
from job_workers.offload.outcome import outcome, result_of

POLICY = Policy(wall_seconds=5, cpu_seconds=4, memory_bytes=1 << 26, output_bytes=100)


def ended(**how: object) -> Ended:
    told = {"exit_code": None, "signal": None, "over": None, "stdout": b"", "stderr": b"", "kept": None}
    return Ended(**(told | {"wall_ms": 1.5, "cpu_ms": 0.5, "max_rss_kib": 7} | how))


@pytest.mark.parametrize(
    ("how", "status", "why"),
    [
        ({"exit_code": 0}, "ok", ""),
        ({"exit_code": 3}, "runtime_error", "the program ended with exit code 3"),
        ({"signal": signal.SIGSEGV}, "runtime_error", "the program was ended by SIGSEGV"),
        ({"signal": 77}, "runtime_error", "the program was ended by SIG77"),
        ({"over": "wall", "exit_code": 0}, "timeout", "within 5 s, 4 s of them computing"),
        ({"over": "memory"}, "memory", "at most 64 MB"),
        ({"over": "output"}, "output_limit", "at most 100 bytes"),
        ({"stderr": b"no namespaces\n"}, "rejected", "it said: no namespaces"),
        ({}, "rejected", "it said: nothing"),
    ],
)
def test_a_run_ends_in_one_way_and_says_why(how, status, why):
    found, message = outcome(ended(**how), POLICY, building=False)
    assert (found, why in message) == (status, True), message


def test_a_build_that_fails_is_no_fault_of_the_program():
    assert outcome(ended(exit_code=1), POLICY, building=True)[0] == "compile_error"
    assert outcome(ended(signal=signal.SIGKILL), POLICY, building=True)[0] == "compile_error"


def test_a_result_tells_everything_that_is_known_also_of_bytes_that_are_no_text():
    task = OffloadTask("t", "replies", "pi")
    result = result_of(task, ended(exit_code=0, stdout=b"\xff", over=None), POLICY, cached=True)
    assert (result.task_id, result.tag, result.status, result.stdout) == ("t", "pi", "ok", "\ufffd")
    assert (result.wall_ms, result.cpu_ms, result.max_rss_kib, result.cached) == (1.5, 0.5, 7, True)
    cut = result_of(task, ended(over="output", stdout=b"x"), POLICY)
    assert (cut.status, cut.truncated, cut.stdout) == ("output_limit", True, "x")


def test_a_build_that_left_more_than_it_may_is_told():
    result = result_of(OffloadTask("t", "replies", "pi"), ended(exit_code=0), POLICY, building=True)
    assert (result.status, "it left more" in result.message) == ("compile_error", True)
