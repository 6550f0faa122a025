"""The real worker on a real Redis: foreign code goes in by the queue and its result comes out once."""

import asyncio
import json
import subprocess
import sys

import pytest
import requests

from backbone.wire.offload import OFFLOAD, Limits, Offloaded, OffloadTask
from tests.e2e.conftest import two_workers
from tests.processes import ANSWER_SECONDS, ROOT, wait_until

STREAM = "offloaded"
HELLO = '#include <stdio.h>\nint main(int n, char **v) { printf("hello %s\\n", n > 1 ? v[1] : "----"); return 0; }\n'


@pytest.fixture
def workers(redis_server, tmp_path):
    (tmp_path / "programs").mkdir()
    folders = ("--cache-folder", str(tmp_path / "cache"), "--programs-folder", str(tmp_path / "programs"))
    with two_workers(redis_server.url, "--queues", "offload", *folders) as running:
        yield running


async def results_of(queue, *tasks):
    for task in tasks:
        await queue.enqueue(OFFLOAD, task)
    told = []
    async with asyncio.timeout(60):
        async for entry, result in queue.read_results(STREAM, "test", "reader"):
            await queue.ack(STREAM, "test", entry)
            told.append(result)
            if len(told) == len(tasks):
                break
    assert all(isinstance(result, Offloaded) for result in told)
    return {result.task_id: result for result in told}


def legacy(task_id, source=HELLO, *args, **more):
    return OffloadTask(
        task_id, STREAM, "pi1", name="prog", files={"prog.c": source}, build="gcc <name>.c -o <name>", args=args, **more
    )


async def test_a_legacy_request_is_built_once_and_run_each_time(workers, queue):
    first = (await results_of(queue, legacy("one", HELLO, "Pi")))["one"]
    assert (first.status, first.stdout, first.exit_code, first.cached) == ("ok", "hello Pi\n", 0, False)
    second = (await results_of(queue, legacy("two")))["two"]
    assert (second.status, second.stdout, second.cached) == ("ok", "hello ----\n", True)


async def test_an_installed_program_is_known_as_soon_as_it_is_there(workers, queue, tmp_path):
    ask = OffloadTask("early", STREAM, "pi1", program="program", args=("7",))
    early = (await results_of(queue, ask))["early"]
    assert (early.status, early.tag) == ("rejected", "pi1")
    program = tmp_path / "programs" / "program"
    program.write_text('#!/bin/sh\necho "$1 squared is $(($1 * $1))"\n')
    program.chmod(0o755)
    late = (await results_of(queue, OffloadTask("late", STREAM, "pi1", program="program", args=("7",))))["late"]
    assert (late.status, late.stdout) == ("ok", "7 squared is 49\n")


async def test_endings_are_told_apart(workers, queue):
    programs = {
        "compile_error": "int main(void) { return missing; }",
        "runtime_error": "int main(void) { return 3; }",
        "timeout": "int main(void) { for (;;) { } }",
        "memory": "#include <stdlib.h>\n#include <string.h>\nint main() { for (;;) memset(malloc(9999), 1, 9999); }",
        "output_limit": '#include <stdio.h>\nint main(void) { for (;;) puts("flood"); }',
    }
    limits = Limits(wall_seconds=10, memory_mb=100, output_bytes=2000)
    told = await results_of(queue, *(legacy(name, source, limits=limits) for name, source in programs.items()))
    assert {name: result.status for name, result in told.items()} == {name: name for name in programs}
    assert told["runtime_error"].exit_code == 3
    assert "missing" in told["compile_error"].stderr
    assert told["output_limit"].truncated
    assert len(told["output_limit"].stdout) == 2000


def test_readiness_tells_of_the_sandbox(workers):
    wait_until(lambda: requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).status_code == 200, "a sandbox")
    assert requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).json()["dependencies"]["sandbox"]["ok"]


def test_a_worker_of_this_queue_alone_loads_no_engine(tmp_path):
    program = (
        "import json, sys; from job_workers.app import spec_of; from job_workers.child import runner\n"
        "from job_workers.settings import Settings\n"
        "settings = Settings(redis_url='redis://127.0.0.1', queues='offload', cache_folder=sys.argv[1])\n"
        "runner(spec_of(settings), None, slot=1)\n"
        "print(json.dumps(sorted({'faces', 'numpy', 'cv2', 'PIL', 'onnxruntime', 'dlib'} & set(sys.modules))))"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert json.loads(ran.stdout) == []
