"""The offload worker in its container: the same hostile programs, through its queue, under its own seccomp profile."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from backbone.wire.offload import Offloaded, OffloadTask
from tests.hostile import STREAM, escaped, hostile_programs
from tests.processes import wait_until
from tests.stack.engine import docker, inspect, run, tell
from tests.stack.stack import Stack

PROJECT = f"searchlight-offload-{os.getpid()}"
PROGRAMS = hostile_programs()
PATIENCE = 180
CANARY, SECRET, HEALTH_PORT = "/cache/canary", "/run/secrets/redis_url", "8200"
# Runs in the container: hands over the tasks of its standard input and prints each result on a line.
HAND_OVER = f"""
import asyncio, sys
import msgspec
from backbone.jobs.job_queue import JobQueue
from backbone.wire.offload import OFFLOAD, OffloadTask

async def main():
    tasks = msgspec.json.decode(sys.stdin.buffer.read(), type=list[OffloadTask])
    queue = JobQueue.from_url(open("{SECRET}").read().strip())
    for task in tasks:
        await queue.enqueue(OFFLOAD, task)
    left = {{task.task_id for task in tasks}}
    async for entry, result in queue.read_results("{STREAM}", "test", "reader"):
        await queue.ack("{STREAM}", "test", entry)
        print(msgspec.json.encode(result).decode(), flush=True)
        left.discard(result.task_id)
        if not left:
            return

asyncio.run(main())
"""
# Every process but the container's own: its init, the role, its workers, and this question.
LOOK = """
import pathlib
for stat in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    try:
        words = stat.read_bytes().split(b"\\0")
    except OSError:
        continue
    if words[0] not in (b"/usr/bin/python3", b"/sbin/docker-init", b""):
        print(words)
"""


@pytest.fixture(scope="module")
def stack(secrets_dir: Path) -> Iterator[Stack]:
    """Redis and two workers, and nothing else of the stack."""
    settings = {"COMPOSE_PROJECT_NAME": PROJECT, "OFFLOAD_PROCESSES": "2", "OFFLOAD_CPUS": "2", "OFFLOAD_MEMORY": "2G"}
    made = Stack(secrets_dir, project=PROJECT, port=0, environment=settings)
    try:
        made.compose("up", "--detach", "--no-build", "--wait", "redis", "offload_worker", patience=120)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "5", patience=90)


@pytest.fixture(scope="module")
def worker(stack: Stack) -> str:
    return stack.container("offload_worker")


@pytest.fixture(scope="module")
def ends(worker: str) -> dict[str, Offloaded]:
    """Every hostile program's result."""
    inside(worker, f"import pathlib; p = pathlib.Path('{CANARY}'); p.write_text('untouched'); p.chmod(0o666)")
    tasks = [program.as_task(STREAM, CANARY, SECRET, HEALTH_PORT) for program in PROGRAMS]
    return {result.tag: result for result in handed_over(worker, tasks)}


@pytest.fixture
def unprofiled(stack: Stack, secrets_dir: Path) -> Iterator[str]:
    """A worker under the engine's own profile, where nobody may make namespaces."""
    name = f"{PROJECT}-unprofiled"
    mounts = {"redis_url": "/run/secrets/redis_url", "public_key.pem": "/run/secrets/public_key"}
    volumes = [word for file, at in mounts.items() for word in ("--volume", f"{secrets_dir / file}:{at}:ro")]
    settings = [word for file, at in mounts.items() for word in ("--env", f"{file.split('.')[0].upper()}_FILE={at}")]
    hardened = ("--network", f"{PROJECT}_internal", "--read-only", "--cap-drop", "ALL", "--tmpfs", "/tmp")
    given = (*volumes, *settings, "--env", "PROCESSES=1")
    docker("run", "--detach", "--name", name, *hardened, *given, "searchlight/offload_worker:0.1.0")
    yield name
    docker("rm", "--force", "--volumes", name)


def handed_over(worker: str, tasks: list[OffloadTask]) -> list[Offloaded]:
    """Return the tasks' results, handed over by Redis from within a container."""
    command = ("docker", "exec", "--interactive", worker, "/usr/bin/python3", "-c", HAND_OVER)
    said = run(*command, patience=PATIENCE, given=msgspec.json.encode(tasks).decode())
    return [msgspec.json.decode(line, type=Offloaded) for line in said.splitlines()]


def logged(worker: str) -> str:
    return docker("logs", worker)


def inside(worker: str, program: str) -> str:
    return docker("exec", worker, "/usr/bin/python3", "-c", program, patience=60)


def sandbox_of(worker: str) -> dict[str, object]:
    ask = """
import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("http://127.0.0.1:8200/readyz", timeout=5).read().decode())
except urllib.error.HTTPError as told:
    print(told.read().decode())
"""
    told: dict[str, object] = json.loads(inside(worker, ask))["dependencies"]["sandbox"]
    return told


def test_the_container_has_no_privilege_and_no_secret_but_one(worker: str) -> None:
    told = inspect(worker)
    host = told["HostConfig"]
    assert (told["Config"]["User"], host["CapDrop"], host["ReadonlyRootfs"]) == ("10002:10002", ["ALL"], True)
    assert not host["Privileged"]
    assert not host["CapAdd"]
    assert not host["PortBindings"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert [json.loads(rule[8:])["defaultAction"] for rule in host["SecurityOpt"] if rule.startswith("seccomp=")] == [
        "SCMP_ACT_ERRNO"
    ]
    assert inside(worker, "import os; print(os.listdir('/run/secrets'))").strip() == "['redis_url']"
    assert list(told["NetworkSettings"]["Networks"]) == [f"{PROJECT}_internal"]


def test_its_sandbox_holds_and_it_says_so(worker: str) -> None:
    wait_until(lambda: sandbox_of(worker)["ok"], "the sandbox to be ready")
    lines = docker("exec", worker, "/usr/bin/python3", "-m", "job_workers.sandbox.selftest").splitlines()
    assert len(lines) >= 15
    assert [line for line in lines if not line.startswith("held ")] == []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_hostile_program_is_held_in_the_container_too(program, ends: dict[str, Offloaded]) -> None:
    result = ends[program.name]
    tell(f"{program.name:28} {result.status:14} {program.stopped_by}")
    assert not escaped(result), result
    assert result.status == program.status, result


def test_nothing_is_left_of_them(worker: str, ends: dict[str, Offloaded]) -> None:
    assert inside(worker, LOOK) == ""
    assert inside(worker, f"print(open('{CANARY}').read(), end='')") == "untouched"
    secret = inside(worker, f"print(open('{SECRET}').read().strip())").strip()
    assert not [result.tag for result in ends.values() if secret in result.stdout + result.stderr]
    assert inspect(worker)["RestartCount"] == 0
    assert not inspect(worker)["State"]["OOMKilled"]


def test_under_a_profile_that_forbids_sandboxes_foreign_code_is_refused(stack: Stack, unprofiled: str) -> None:
    stack.compose("stop", "--timeout", "5", "offload_worker", patience=60)
    wait_until(lambda: "namespace" in str(logged(unprofiled)), "the worker's word on its sandbox")
    told = sandbox_of(unprofiled)
    assert not told["ok"]
    assert "No permissions to create new namespace" in str(told["detail"])
    script = "print('ran')"
    task = OffloadTask("refused", STREAM, "pi", files={"program.py": script})
    result = handed_over(unprofiled, [task])[0]
    assert (result.status, result.stdout) == ("rejected", "")
    assert result.message.startswith("foreign code is refused here: expected bubblewrap to make a sandbox")
