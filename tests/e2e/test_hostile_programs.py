"""R5: hostile programs in the real sandbox. None escapes, none survives, each ends in time and is told apart."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from job_workers.domain.sandbox_policy import Policy
from job_workers.offload.build_cache import BuildCache
from job_workers.offload.handlers import OffloadHandler
from job_workers.offload.programs import Programs
from job_workers.sandbox.sandbox import SLOT_UID, Sandbox
from tests.hostile import STREAM, Listener, documented, escaped, hostile_programs, strangers, survivors
from tests.processes import wait_until
from tests.stack.engine import tell

PROGRAMS = hostile_programs()
AT_ONCE = 4
BEYOND = 1.0
"""A tree is dead by its deadline and so many seconds; building and running have a deadline each."""
FIRST_SLOT = 100 + os.getpid() % 500 * AT_ONCE
"""Users of this run alone."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """What a hostile program would have to touch: a file, a secret, a listener."""
    folder = tmp_path_factory.mktemp("world")
    folder.chmod(0o755)
    (folder / "canary").write_text("untouched")
    (folder / "canary").chmod(0o666)
    (folder / "secret").write_text("the secret itself")
    listener = Listener()
    yield folder, listener
    listener.close()


@pytest.fixture(scope="module")
def ends(world, tmp_path_factory):
    """Every program's result, seconds, and survivors."""
    folder, listener = world
    cache = BuildCache(tmp_path_factory.mktemp("cache"), most_bytes=1 << 26)
    slots = list(range(FIRST_SLOT, FIRST_SLOT + AT_ONCE))
    handlers = {
        slot: OffloadHandler(
            None, Sandbox.prepare(slot=slot), policy=Policy(), cache=cache, programs=Programs(folder / "programs")
        )
        for slot in slots
    }

    def run(program):
        slot = slots.pop()
        began = time.monotonic()
        result = handlers[slot].result(
            program.as_task(STREAM, str(folder / "canary"), str(folder / "secret"), str(listener.port))
        )
        took = time.monotonic() - began
        left = survivors(SLOT_UID + slot) if os.geteuid() == 0 else []
        slots.append(slot)
        return result, took, left

    with ThreadPoolExecutor(AT_ONCE) as pool:
        began = time.monotonic()
        told = dict(zip([program.name for program in PROGRAMS], pool.map(run, PROGRAMS), strict=True))
    tell(f"{len(PROGRAMS)} hostile programs in {time.monotonic() - began:.1f} s")
    for program in PROGRAMS:
        result, took, _ = told[program.name]
        tell(f"{program.name:28} {result.status:14} {took:5.2f} s  {program.stopped_by}")
    return told


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_hostile_program_is_held(program, ends):
    result, took, left = ends[program.name]
    assert not escaped(result), result
    assert result.status == program.status, result
    assert left == []
    assert took <= 2 * (program.deadline + BEYOND)


def test_nothing_outside_was_touched(ends, world):
    folder, listener = world
    assert os.geteuid() == 0 or strangers() == []
    assert (folder / "canary").read_text() == "untouched"
    assert listener.came == 0
    told = "".join(result.stdout + result.stderr for result, _, _ in ends.values())
    assert "the secret itself" not in told


def test_the_listener_and_the_canary_would_tell(world):
    """The same probes outside a sandbox: a test that could not fail would show nothing."""
    folder, listener = world
    before = listener.came
    socket.create_connection(("127.0.0.1", listener.port), timeout=40).close()
    wait_until(lambda: listener.came == before + 1, "the listener")
    assert survivors(os.getuid())
    assert (folder / "secret").read_text() == "the secret itself"


def test_there_are_sixty_and_the_docs_name_each():
    assert len(PROGRAMS) >= 60
    assert documented() == [(one.name, one.tries, one.status, one.stopped_by) for one in PROGRAMS]
