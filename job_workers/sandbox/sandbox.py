"""Runs foreign code where it can reach nothing (adapter of bubblewrap). Decides nothing about what is run.

Namespaces of its own for users, processes, network, mounts, ipc, host name and cgroups; a root with the system's
programs and libraries and nothing else, read only; one private folder in memory; no capability, no new privileges, a
filter for system calls; limits set by the first process inside (`runner.c`). That process ends at its
deadline, with bubblewrap, and with the worker; with it the kernel ends everything inside.
"""

import fcntl
import os
import platform
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from backbone.errors import Unavailable
from job_workers.domain.ended import Ended
from job_workers.domain.sandbox_file import WORK, SandboxFile
from job_workers.domain.sandbox_policy import Policy
from job_workers.domain.seccomp_filter import seccomp_filter
from job_workers.sandbox.run import SandboxRun
from job_workers.sandbox.runner import compiled_runner

BUBBLEWRAP = "/usr/bin/bwrap"
SLOT_UID = 61_000
"""Where the worker is root, slot N runs foreign code as user 61000 + N, whom the machine does not know."""
INSIDE_UID = 65_534
_FROM_SYSTEM = ("/usr", "/etc/alternatives", "/etc/ld.so.cache")
_LINKS = ("/bin", "/lib", "/lib32", "/lib64", "/libx32")
_DEVICES = ("/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero")
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Sandbox:
    """A way to run foreign code, one run at a time.

    Args:
        runner: the compiled first process.
        slot: which of the machine's workers this is; each has its own user where the worker is root.
        of: how many workers there are: each has its share of the cores, so that one that is flooded with processes
            does not slow the others' runs.
    """

    def __init__(self, *, runner: bytes, slot: int, of: int) -> None:
        self._runner = SandboxFile("/.runner", runner, executable=True)
        self._filter = seccomp_filter(platform.machine())
        self._cores = share_of_cores(sorted(os.sched_getaffinity(0)), slot=slot, of=of)
        self._begin = (*(_as_user(SLOT_UID + slot) if os.geteuid() == 0 else ()), BUBBLEWRAP, *_walls())

    @classmethod
    def prepare(cls, *, slot: int, of: int = 1) -> Self:
        """Return the sandbox of this machine after a run in it that showed that it works.

        Raises:
            Unavailable: there is none; the text says what is missing.
        """
        if not Path(BUBBLEWRAP).exists():
            raise Unavailable(f"expected bubblewrap at {BUBBLEWRAP}, found none", code="no_sandbox")
        sandbox = cls(runner=compiled_runner(), slot=slot, of=of)
        try:
            ended = sandbox.run(["/usr/bin/id", "-u"], policy=Policy(wall_seconds=20.0))
        except OSError as fault:
            raise Unavailable(f"expected bubblewrap to start, got: {fault}", code="no_sandbox") from None
        if (ended.exit_code, ended.stdout.strip()) != (0, str(INSIDE_UID).encode()):
            said = (ended.stderr or ended.stdout).decode(errors="replace").strip()[:300] or "nothing"
            raise Unavailable(f"expected bubblewrap to make a sandbox, it said: {said}", code="no_sandbox")
        return sandbox

    def run(
        self,
        command: Sequence[str],
        *,
        policy: Policy,
        files: Sequence[SandboxFile] = (),
        stdin: bytes = b"",
        keep: bool = False,
    ) -> Ended:
        """Run a command, its first word an absolute path, and return how it ended; afterwards nothing of it lives.

        Args:
            keep: hand back what lies in `WORK` when the command succeeded.
        """
        with ExitStack() as ours, ExitStack() as theirs:
            pipes = [_pipe(ours, theirs) for _ in range(2 + keep)]
            (status, status_end), (info, info_end), (kept, kept_end) = (*pipes, (-1, -1))[:3]
            put = [(file, _memory_file(theirs, file.content)) for file in (self._runner, *files)]
            rules = _memory_file(theirs, self._filter)
            words = [
                *(*self._begin, "--seccomp", str(rules), "--info-fd", str(info_end)),
                *("--size", str(policy.scratch_bytes), "--tmpfs", "/tmp", "--dir", WORK, "--chdir", WORK),  # noqa: S108
                *(word for file, handle in put for word in _put(file, handle)),
                *("--remount-ro", "/", "--", self._runner.name, *_limits(policy)),
                *(str(status_end), str(kept_end), *command),
            ]
            handed = [end for _, end in pipes] + [handle for _, handle in put] + [rules]
            process = self._start(words, stdin=_memory_file(theirs, stdin), handed=handed)
            theirs.close()
            return SandboxRun(process, policy, status=status, info=info, kept=kept).ended()

    def _start(self, words: list[str], *, stdin: int, handed: list[int]) -> subprocess.Popen[bytes]:
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self._cores)  # inherited; foreign code may not change it
        try:
            return subprocess.Popen(
                words,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=handed,
                env={},
                cwd="/",
            )
        finally:
            os.sched_setaffinity(0, before)


def share_of_cores(cores: Sequence[int], *, slot: int, of: int) -> set[int]:
    """Return which cores a worker's runs may use: all of them are used, and each worker has at least one."""
    return {cores[slot % len(cores)]} if of >= len(cores) else set(cores[slot % of :: of])


def _as_user(user: int) -> tuple[str, ...]:
    # Not Popen's own way: that has to copy the whole worker first (fork), which costs more than this program.
    return ("/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--")


def _walls() -> list[str]:
    words = ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
    words += ["--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID), "--hostname", "sandbox"]
    words += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8"]
    for path in _FROM_SYSTEM:
        words += ["--ro-bind-try", path, path]
    for link in map(Path, _LINKS):
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.exists():
            words += ["--ro-bind", str(link), str(link)]
    words += ["--tmpfs", "/usr/local", "--remount-ro", "/usr/local", "--proc", "/proc"]
    for device in _DEVICES:
        words += ["--dev-bind", device, device]
    return [*words, "--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/tmp", "/dev/shm"]  # noqa: S108


def _put(file: SandboxFile, handle: int) -> list[str]:
    path = file.name if file.name.startswith("/") else f"{WORK}/{file.name}"
    return ["--perms", "0755" if file.executable else "0644", "--file", str(handle), path]


def _limits(policy: Policy) -> list[str]:
    wall_ms, cpu = max(1, round(policy.wall_seconds * 1000)), max(1, round(policy.cpu_seconds))
    of_process = (policy.address_space, policy.processes, policy.open_files, policy.file_bytes)
    return [str(number) for number in (wall_ms, cpu, *of_process, policy.scratch_files)]


def _pipe(ours: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    reading, writing = os.pipe()
    ours.callback(os.close, reading)
    theirs.callback(os.close, writing)
    return reading, writing


def _memory_file(opened: ExitStack, content: bytes) -> int:
    """Return the handle of a file in memory that nobody can change, to be read from its begin."""
    handle = os.memfd_create("sandbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    opened.callback(os.close, handle)
    with os.fdopen(handle, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(handle, 0, os.SEEK_SET)
    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, _SEALS)
    return handle
