"""Whatever is killed or hangs, nothing is left behind and the camera comes back."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from backbone.backoff import Backoff
from backbone.latest_slot import LatestSlot
from camera_processor.capture import process
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.process import LastWords
from camera_processor.capture.sources.table import parse_source
from tests.fakes.cameras import Behaviour
from tests.fakes.mjpeg_camera import MjpegCamera
from tests.fakes.parts import running
from tests.fakes.waiting import child_processes, is_alive, open_files, until

CYCLES = 20
TIMEOUT = 4.0
"""Seconds for a child that falls silent; a slow machine starts one in less."""


@contextlib.asynccontextmanager
async def watching(text, *, no_frame_timeout=TIMEOUT):
    backoff = Backoff(first=0.05, limit=0.1)
    source = parse_source(text)
    capture = Capture(source, slot=LatestSlot(), no_frame_timeout=no_frame_timeout, backoff=backoff)
    async with running(capture):
        yield capture


def is_online(capture):
    return lambda: capture.state is CaptureState.ONLINE


def is_offline(capture):
    return lambda: capture.state is CaptureState.OFFLINE


async def test_a_killed_child_is_replaced():
    async with watching("test:?fps=50", no_frame_timeout=30.0) as capture:
        await until(is_online(capture))
        os.kill(capture.pid, signal.SIGKILL)
        await until(is_offline(capture))
        await until(is_online(capture))
    assert "signal 9" in capture.last_error
    assert capture.restarts == 1


async def test_a_child_that_hangs_is_killed_and_replaced():
    async with watching("test:?fps=50") as capture:
        await until(is_online(capture))
        hung = capture.pid
        os.kill(hung, signal.SIGSTOP)
        await until(is_offline(capture))
        await until(is_online(capture))
        assert not is_alive(hung)
    assert f"no picture for {TIMEOUT:g} s" in capture.last_error


def command_lines(environment):
    """What runs on this machine with that in its environment, one line a process."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if environment in (entry / "environ").read_bytes():
                lines.append((entry / "cmdline").read_bytes())
    return lines


CHILDREN = {
    "prints garbage": "import sys, time; sys.stdout.write('no picture' * 100); sys.stdout.flush(); time.sleep(60)",
    "claims an absurd size": """
        import sys, time
        from camera_processor.capture.wire import Header, Kind
        sys.stdout.buffer.write(Header(Kind.PICTURE, width=100000, height=100000).pack()); sys.stdout.flush()
        time.sleep(60)
        """,
    "drips": """
        import sys, time
        from camera_processor.capture.wire import Header, Kind
        sys.stdout.buffer.write(Header(Kind.PICTURE, width=1000, height=1000).pack())
        while True:
            sys.stdout.buffer.write(b"x"); sys.stdout.flush(); time.sleep(0.05)
        """,
    "floods stderr": "import sys\nwhile True: sys.stderr.write('all is well ' * 1000)",
    "closes its pipe and lives on": "import os, time; os.close(1); time.sleep(60)",
    "ends without an end": "pass",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "leaves a child of its own": """
        import os, time
        if os.fork(): print("no picture", flush=True)
        time.sleep(60)
        """,
}


@pytest.mark.parametrize("deed", sorted(CHILDREN))
async def test_a_child_that_goes_wrong_is_replaced_and_leaves_nothing(deed, tmp_path, monkeypatch):
    (tmp_path / "broken_child.py").write_text(textwrap.dedent(CHILDREN[deed]))
    environment = process._environment()
    environment["PYTHONPATH"] += f":{tmp_path}"
    files, threads, children = open_files(), threading.active_count(), child_processes()
    with monkeypatch.context() as patch:
        patch.setattr(process, "SPAWNED_MODULE", "broken_child")
        patch.setattr(process, "_environment", lambda: environment)
        async with watching("test:?fps=50") as capture:
            await until(lambda: capture.restarts >= 2)
            assert capture.state is CaptureState.OFFLINE
            assert capture.frames == 0
            assert 0 < len(capture.last_error) < 1500
            await until(lambda: command_lines(bytes(tmp_path)), what="a child that is found by its environment")
            patch.undo()
            await until(is_online(capture))
    await until(
        lambda: (open_files(), threading.active_count(), child_processes()) == (files, threads, children),
        what="no more files, threads and children than before",
    )
    assert command_lines(bytes(tmp_path)) == []


PARENT = """
    import asyncio, sys
    from backbone.latest_slot import LatestSlot
    from camera_processor.capture.capture import Capture
    from camera_processor.capture.sources.table import parse_source

    async def main():
        capture = Capture(parse_source(sys.argv[1]), slot=LatestSlot())
        playing = asyncio.create_task(capture.run())
        while not capture.pid:
            await asyncio.sleep(0.01)
        print(capture.pid, flush=True)
        await playing

    asyncio.run(main())
"""


@pytest.mark.parametrize("trouble", ["none", "child is stopped", "camera hangs and stdin is held open"])
async def test_a_killed_parent_leaves_no_child(trouble):
    """Where a process inherited the child's stdin and no picture breaks the pipe, only the kernel can tell it."""
    with MjpegCamera(fps=50) as camera:
        if "camera hangs" in trouble:
            camera.behaviour = Behaviour.HANG
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PARENT), camera.url], stdout=subprocess.PIPE, text=True
        )
        held = None
        with parent:
            child = int(parent.stdout.readline())
            await until(lambda: camera.connections)
            assert is_alive(child)
            if "stdin is held" in trouble:
                held = os.open(f"/proc/{child}/fd/0", os.O_WRONLY)
            if "stopped" in trouble:
                os.kill(child, signal.SIGSTOP)
            parent.kill()
        try:
            await until(lambda: not is_alive(child))
        finally:
            if held is not None:
                os.close(held)


async def test_a_child_whose_stdin_ends_goes_away_by_itself():
    with MjpegCamera() as camera:
        camera.behaviour = Behaviour.HANG
        child = subprocess.Popen(
            [sys.executable, "-m", "camera_processor.capture.child"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        request = {"source": camera.url, "timeout": 60, "parent": os.getpid()}
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        await until(lambda: camera.connections)
        assert child.poll() is None
        child.stdin.close()
        await until(lambda: child.poll() is not None)


@pytest.mark.parametrize("line", [b"", b"no json\n", b"{}\n", b"[]\n", b"\xff" * 70_000])
def test_a_child_that_is_asked_nonsense_says_so_and_ends(line):
    done = subprocess.run(
        [sys.executable, "-m", "camera_processor.capture.child"],
        input=line,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"capture: request:")


async def test_twenty_vanishings_leave_no_file_thread_or_process_behind():
    with MjpegCamera(fps=50) as camera:
        files, threads, children = open_files(), threading.active_count(), child_processes()
        async with watching(camera.url) as capture:
            await until(is_online(capture))
            for _cycle in range(CYCLES):
                camera.vanish()
                await until(is_offline(capture))
                camera.come_back()
                await until(is_online(capture))
            assert threading.active_count() <= threads + 4
            assert child_processes() == children + 1
            assert open_files() <= files + 6
        assert capture.restarts >= CYCLES
        await until(lambda: not camera._peers)
    await until(lambda: child_processes() == children)
    await until(lambda: threading.active_count() <= threads and open_files() <= files)


def test_of_what_a_child_says_only_its_last_words_are_kept():
    words = LastWords()
    for number in range(1000):
        words.feed(b"[h264 @ 0x55] error %d\n" % number + b"z" * 10_000)
    words.feed(b"\ncapture: camera could not be opened\n")
    said = words.text("nothing")
    assert said.startswith("camera could not be opened (")
    assert len(said) < 1100


def test_a_silent_child_is_described_by_how_it_ended():
    assert LastWords().text("exit code 1") == "exit code 1"
