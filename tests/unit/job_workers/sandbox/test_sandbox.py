"""The sandbox of this machine: what goes in, what comes out, and how an end is told. Hostile programs: tests/e2e."""

import itertools
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from backbone.errors import BadInput, Unavailable
from backbone.wire.offload import Limits
from job_workers.domain.sandbox_file import SandboxFile
from job_workers.domain.sandbox_policy import MIB, Policy
from job_workers.domain.seccomp_filter import seccomp_filter
from job_workers.offload.outcome import outcome
from job_workers.sandbox import runner
from job_workers.sandbox import sandbox as sandbox_module
from job_workers.sandbox.files import files_of_tar
from job_workers.sandbox.process_tree import memory_of_tree
from job_workers.sandbox.sandbox import Sandbox, share_of_cores
from job_workers.sandbox.selftest import probe
from tests.processes import ROOT, wait_until

POLICY = Policy(wall_seconds=20.0, cpu_seconds=10.0)


def pids_of(command):
    """Return the processes whose command line matches from its begin."""
    found = subprocess.run(["pgrep", "-f", f"^{command}"], check=False, capture_output=True, timeout=60)
    return [int(pid) for pid in found.stdout.split()]


def sh(sandbox, line, policy=POLICY, **more):
    return sandbox.run(["/bin/sh", "-c", line], policy=policy, **more)


def test_files_arguments_and_input_go_in_and_output_comes_out(sandbox):
    files = [
        SandboxFile("sub/data", b"from a file"),
        SandboxFile("tool", b"#!/bin/sh\necho tool $1\n", executable=True),
    ]
    ended = sh(sandbox, "cat sub/data; ./tool x; cat; echo wrong >&2; exit 3", files=files, stdin=b"from input")
    assert ended.stdout == b"from a filetool x\nfrom input"
    assert ended.stderr == b"wrong\n"
    assert (ended.exit_code, ended.signal, ended.over) == (3, None, None)


def test_what_was_made_comes_out_only_when_it_is_asked_for_and_all_went_well(sandbox):
    line = "mkdir sub; echo 1 > sub/made; ln -s /etc/shadow link; chmod 755 sub/made"
    kept = sh(sandbox, line, keep=True).kept
    assert files_of_tar(kept, most_bytes=MIB) == (SandboxFile("sub/made", b"1\n", executable=True),)
    assert sh(sandbox, line).kept is None
    assert sh(sandbox, f"{line}; exit 1", keep=True).kept is None


def test_an_exit_code_above_128_is_not_taken_for_a_signal(sandbox):
    assert (sh(sandbox, "exit 139").exit_code, sh(sandbox, "exit 139").signal) == (139, None)
    ended = sh(sandbox, "kill -SEGV $$")
    assert (ended.exit_code, ended.signal) == (None, signal.SIGSEGV)
    assert outcome(ended, POLICY, building=False) == ("runtime_error", "the program was ended by SIGSEGV")


def test_a_command_that_is_not_there_is_an_exit_code_with_a_reason(sandbox):
    ended = sandbox.run(["/usr/bin/missing"], policy=POLICY)
    assert ended.exit_code == 127
    assert b"/usr/bin/missing" in ended.stderr


def test_figures_are_those_of_the_program_and_not_of_the_worker(sandbox):
    ended = sandbox.run(["/usr/bin/true"], policy=POLICY)
    assert 0 < ended.max_rss_kib < 8_000, "Python would be more"
    assert 0 <= ended.cpu_ms < ended.wall_ms + 1000


def test_what_a_run_took_is_told_even_when_it_was_ended_for_a_bound(sandbox):
    flood = sh(sandbox, "while :; do echo flood; done", policy=Policy(output_bytes=50_000))
    assert (flood.over, len(flood.stdout)) == ("output", 50_000)
    assert flood.max_rss_kib > 0
    hog = sandbox.run(
        ["/usr/bin/python3", "-c", "x = 200 * 1024 * 1024 * bytes([1])"], policy=Policy(memory_bytes=64 * MIB)
    )
    assert hog.over == "memory"
    assert hog.max_rss_kib > 32 * 1024
    assert hog.wall_ms > 0


def test_a_run_cannot_end_itself_in_the_workers_name(sandbox):
    ended = sh(sandbox, "kill -TERM 1; sleep 0.2; exit 5")
    assert (ended.exit_code, ended.over) == (5, None)


@pytest.mark.parametrize(
    ("slot", "of", "cores"),
    [(0, 1, {0, 2, 4}), (0, 2, {0, 4}), (1, 2, {2}), (2, 3, {4}), (3, 5, {0}), (900, 1, {0, 2, 4})],
)
def test_each_worker_has_its_share_of_the_cores(slot, of, cores):
    assert share_of_cores([0, 2, 4], slot=slot, of=of) == cores


def test_a_run_stays_on_its_workers_cores():
    mine, before = Sandbox.prepare(slot=1, of=64), os.sched_getaffinity(0)
    ended = mine.run(["/usr/bin/python3", "-c", "import os; print(*os.sched_getaffinity(0))"], policy=POLICY)
    assert ended.stdout.split() == [str(sorted(before)[1 % len(before)]).encode()]
    assert os.sched_getaffinity(0) == before


def test_two_runs_share_nothing(sandbox):
    assert sh(sandbox, "echo x > /tmp/left; echo x > left").exit_code == 0
    assert sh(sandbox, "ls /tmp").stdout == b"work\n"
    assert sh(sandbox, "ls").stdout == b""


def test_a_run_ends_when_its_worker_is_killed(tmp_path):
    nap = f"/bin/sleep 4321.{os.getpid()}"  # another run of the tests naps for another time
    program = (
        "from job_workers.sandbox.sandbox import *\nfrom job_workers.domain.sandbox_policy import Policy\n"
        "s = Sandbox.prepare(slot=41)\nprint('ready', flush=True)\n"
        f"s.run({nap.split()}, policy=Policy(wall_seconds=25.0))"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    wait_until(lambda: pids_of(nap), "the run's begin")
    worker.kill()
    wait_until(lambda: not pids_of(nap), "the run's end")
    worker.wait(40)
    worker.stdout.close()


def test_handles_are_not_leaked(sandbox):
    sandbox.run(["/usr/bin/true"], policy=POLICY)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        sandbox.run(["/usr/bin/true"], policy=POLICY, keep=True, files=[SandboxFile("a", b"x")])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_everything_that_the_probe_tries_is_held(sandbox):
    lines = probe(sandbox)
    assert len(lines) >= 15
    assert [line for line in lines if not line.startswith("held ")] == []


def test_the_walls_hold_without_the_filter_for_system_calls(monkeypatch):
    allow_all = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
    monkeypatch.setattr(sandbox_module, "seccomp_filter", lambda machine: allow_all)
    lines = probe(Sandbox.prepare(slot=44))
    only_the_filters = {"OPEN new namespaces (it worked)"}
    assert {line for line in lines if not line.startswith("held ")} <= only_the_filters
    assert "held the network (Network is unreachable)" in lines
    assert "held a listener on the host's loopback (Connection refused)" in lines


def test_a_first_process_that_the_kernel_killed_counts_as_out_of_memory(sandbox):
    ends = []
    running = threading.Thread(target=lambda: ends.append(sandbox.run(["/bin/sleep", "4322.5"], policy=POLICY)))
    running.start()
    wait_until(lambda: pids_of("/bin/sleep 4322.5"), "the run's begin")
    for pid in pids_of("/.runner .* /bin/sleep 4322.5"):
        if "bwrap" not in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGKILL)
    running.join(20)
    assert [end.over for end in ends] == ["memory"]


@pytest.mark.parametrize(
    ("where", "name", "told"),
    [(sandbox_module, "BUBBLEWRAP", "expected bubblewrap"), (runner, "COMPILER", "expected a C compiler")],
)
def test_a_machine_without_it_is_told(monkeypatch, where, name, told):
    monkeypatch.setattr(where, name, "/usr/bin/missing")
    with pytest.raises(Unavailable, match=told):
        Sandbox.prepare(slot=42)


def test_a_bubblewrap_that_makes_no_namespaces_is_told(monkeypatch, tmp_path):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    for folder in itertools.takewhile(
        lambda folder: folder != Path(tempfile.gettempdir()), (tmp_path, *tmp_path.parents)
    ):
        folder.chmod(0o755)
    monkeypatch.setattr(sandbox_module, "BUBBLEWRAP", str(fake))
    with pytest.raises(Unavailable, match="No permissions to create new namespace"):
        Sandbox.prepare(slot=43)


def test_a_request_gets_less_where_it_asks_for_less_and_never_more():
    policy = Policy(wall_seconds=10, cpu_seconds=8, memory_bytes=100 * MIB, output_bytes=1000)
    assert policy.granted(Limits()) == policy
    less = policy.granted(Limits(wall_seconds=1, cpu_seconds=2, memory_mb=3, output_bytes=4))
    assert (less.wall_seconds, less.cpu_seconds, less.memory_bytes, less.output_bytes) == (1, 2, 3 * MIB, 4)
    assert policy.granted(Limits(wall_seconds=1e9, cpu_seconds=1e9, memory_mb=10**9, output_bytes=10**9)) == policy
    for bad in (Limits(wall_seconds=0), Limits(memory_mb=-1), Limits(cpu_seconds=float("nan"))):
        with pytest.raises(BadInput, match="above 0"):
            policy.granted(bad)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_instructions_and_within_the_kernels_bound(machine):
    size = len(seccomp_filter(machine))
    assert size % 8 == 0
    assert 100 < size // 8 < 4096


def test_a_machine_without_a_known_filter_has_no_sandbox():
    with pytest.raises(Unavailable, match="expected a machine of x86_64, aarch64, got riscv64"):
        seccomp_filter("riscv64")


def test_the_memory_of_a_tree_counts_its_children_and_shared_pages_once():
    program = (
        "import mmap, os, time\nroom = mmap.mmap(-1, 64 << 20)\nroom.write(bytes(64 << 20))\n"
        "[os.fork() for _ in range(2)]\nroom[::4096]\nos.write(1, b'ready\\n')\ntime.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline() == b"ready\n"
        assert 64 * MIB <= memory_of_tree(process.pid, enough=0) < 160 * MIB
        assert memory_of_tree(process.pid, enough=1 << 40) > 4 * 64 * MIB
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert memory_of_tree(process.pid, enough=0) == 0
