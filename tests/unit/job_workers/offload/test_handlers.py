"""A request from task to result: refusals, the catalogue, languages, the cache, and results written once."""

import pytest

from backbone.errors import BadInput
from backbone.wire.jobs import MatchTask
from backbone.wire.offload import Limits, OffloadTask
from job_workers.domain.sandbox_policy import Policy
from job_workers.offload import handlers
from job_workers.offload.build_cache import BuildCache
from job_workers.offload.handlers import OffloadHandler
from job_workers.offload.programs import Programs

MAIN = '#include <stdio.h>\nint twice(int);\nint main(void) { printf("%d\\n", twice(21)); return 0; }\n'
TWICE = "int twice(int x) { return 2 * x; }\n"


class Store:
    """Remembers what was written."""

    def __init__(self):
        self.written = []

    def is_done(self, task_id):
        return any(result.task_id == task_id for _, result in self.written)

    def write(self, reply, result):
        self.written.append((reply, result))
        return True


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def handler(store, sandbox, tmp_path):
    cache = BuildCache(tmp_path / "cache", most_bytes=1 << 26)
    cache.prepare()
    (tmp_path / "programs").mkdir()
    return OffloadHandler(store, sandbox, policy=Policy(), cache=cache, programs=Programs(tmp_path / "programs"))


def task(task_id="one", **asked):
    return OffloadTask(task_id, "replies", "pi", **asked)


def run(handler, **asked):
    return handler.result(task(**asked))


def test_a_task_is_run_once_and_its_result_goes_to_its_stream(handler, store):
    asked = task(files={"program.py": "print('hi')"})
    for _ in range(2):
        handler.run(asked, lambda done, of: None)
    ((reply, result),) = store.written
    assert (reply, result.task_id, result.tag, result.status, result.stdout) == ("replies", "one", "pi", "ok", "hi\n")


def test_a_task_of_another_queue_is_refused(handler, store):
    with pytest.raises(BadInput, match="expected a task of the queue offload, got MatchTask"):
        handler.run(MatchTask("m", "replies", "t", (), "g"), lambda done, of: None)
    assert store.written == []


def test_several_files_and_a_makefile_make_one_program(handler):
    files = {"main.c": MAIN, "twice.c": TWICE, "Makefile": "program: main.c twice.c\n\tcc -o $@ $^\n"}
    result = run(handler, files=files, build="make")
    assert (result.status, result.stdout) == ("ok", "42\n"), result


def test_c_plus_plus_is_built(handler):
    source = '#include <iostream>\nint main() { std::cout << "c++" << std::endl; }\n'
    result = run(handler, files={"program.cpp": source}, build="g++ <name>.cpp -o <name>")
    assert (result.status, result.stdout) == ("ok", "c++\n"), result


def test_python_needs_no_build_and_sees_the_other_files(handler):
    files = {"program.py": "import sys, other\nprint(other.x, sys.argv[1], sys.stdin.read())", "other.py": "x = 7"}
    result = run(handler, files=files, args=("a b",), stdin="input")
    assert (result.status, result.stdout, result.cached) == ("ok", "7 a b input\n", False), result


def test_the_same_build_is_not_made_twice_and_another_is(handler, monkeypatch):
    asked = {"files": {"program.c": "int main(void) { return 0; }"}, "build": "gcc <name>.c -o <name>"}
    assert [run(handler, **asked).cached for _ in range(2)] == [False, True]
    assert not run(handler, **{**asked, "files": {"program.c": "int main(void) { return 0;  }"}}).cached
    monkeypatch.setattr(handlers, "toolchain", lambda: "a newer compiler")
    assert not run(handler, **asked).cached


def test_a_cache_that_cannot_be_written_costs_no_request(handler, tmp_path):
    (tmp_path / "cache").rmdir()
    asked = {"files": {"program.c": "int main(void) { return 0; }"}, "build": "gcc <name>.c -o <name>"}
    assert [(run(handler, **asked).status, run(handler, **asked).cached)] == [("ok", False)]


def test_a_build_that_fails_says_what_the_compiler_said(handler):
    result = run(handler, files={"program.c": "int main(void) { return missing; }"}, build="gcc <name>.c -o <name>")
    assert (result.status, result.message) == ("compile_error", "the build ended with exit code 1")
    assert "missing" in result.stderr


def test_a_build_that_makes_no_program_is_told(handler):
    result = run(handler, files={"Makefile": "all:\n\ttrue\n"}, build="make")
    assert result.status == "compile_error"
    assert "the program program or program.py, found neither" in result.message


def test_programs_are_looked_for_at_each_request(handler, tmp_path):
    path = tmp_path / "programs" / "add"
    assert "installed: none" in run(handler, program="add").message
    path.write_text("#!/bin/sh\necho $(($1 + $2))\n")
    assert "executable file" in run(handler, program="add").message
    path.chmod(0o755)
    assert run(handler, program="add", args=("2", "3")).stdout == "5\n"
    path.unlink()
    assert run(handler, program="add").status == "rejected"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"program": "x", "files": {"x.c": ""}},
        {"program": "../x"},
        {"files": {"x.c": "int main;"}},
        {"files": {"x.py": ""}, "limits": Limits(wall_seconds=-1)},
        {"files": {"program.py": ""}, "args": ("\0",)},
    ],
)
def test_what_is_not_as_it_should_be_is_rejected_with_a_reason(handler, asked):
    result = run(handler, **asked)
    assert (result.status, result.exit_code) == ("rejected", None)
    assert "expected" in result.message


def test_without_a_sandbox_nothing_foreign_runs(store, tmp_path):
    proof = tmp_path / "proof"
    handler = OffloadHandler(
        store, "no bubblewrap", policy=Policy(), cache=BuildCache(tmp_path, most_bytes=1), programs=Programs(tmp_path)
    )
    result = run(handler, files={"program.py": f"open({str(proof)!r}, 'w')"})
    assert (result.status, result.message) == ("rejected", "foreign code is refused here: no bubblewrap")
    assert not proof.exists()
