"""A role's process, from start to its exit code; each test runs a real small process."""

import json
import signal
import subprocess
import sys

import pytest

BEGIN = """
import asyncio
from backbone import logs, service
from backbone.errors import Unavailable
logs.configure("info", role="sample")
"""


def run(body, *, stop_with=None, role="async def serve(stop):\n"):
    source = BEGIN + role + "".join(f"    {line}\n" for line in body.splitlines()) + "\nservice.run(serve)\n"
    child = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        if stop_with is not None:
            lines.append(child.stdout.readline())
            child.send_signal(stop_with)
        lines += child.communicate(timeout=30)[0].splitlines()
        return child.returncode, [json.loads(line) if line.startswith("{") else line.strip() for line in lines]
    finally:
        child.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_after_it_drained(number):
    code, told = run('print("up", flush=True)\nawait stop.wait()\nprint("drained", flush=True)', stop_with=number)
    assert (code, told) == (0, ["up", "drained"])


def test_a_role_that_is_done_ends_with_0():
    assert run("return") == (0, [])


@pytest.mark.parametrize("fault", ['Unavailable("expected a camera, got none")', 'OSError("address in use")'])
def test_a_missing_condition_ends_it_with_1_and_one_line(fault):
    code, (event,) = run(f"raise {fault}")
    assert (code, event["event"]) == (1, "cannot_run")
    assert "exception" not in event


def test_an_unexpected_error_ends_it_with_70_and_its_traceback():
    code, (event,) = run("raise KeyError('surprise')")
    assert (code, event["event"]) == (70, "unexpected_error")
    assert "surprise" in json.dumps(event["exception"])


def test_a_drain_that_takes_too_long_is_cut_off():
    body = 'service.DRAIN_SECONDS = 0.1\nprint("up", flush=True)\nawait asyncio.sleep(60)'
    code, told = run(body, stop_with=signal.SIGTERM)
    assert code == 0
    assert told[-1]["event"] == "drain_took_too_long"


def test_a_part_that_lost_its_cancellation_is_cut_off_too():
    body = """service.DRAIN_SECONDS = 0.1
async def deaf():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)
async def nested():
    async with asyncio.TaskGroup() as inner:
        inner.create_task(deaf())
async with asyncio.TaskGroup() as group:
    part = group.create_task(nested())
    await asyncio.sleep(0.01)
    print("up", flush=True)
    await stop.wait()
    part.cancel()"""
    code, told = run(body, stop_with=signal.SIGTERM)
    assert code == 0
    assert told[-1]["event"] == "drain_took_too_long"
