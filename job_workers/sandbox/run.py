"""One run of a sandbox: reads what it says within bounds, ends it when it is over one. Starts none."""

import json
import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, Literal

import msgspec

from job_workers.domain.ended import Ended, Over
from job_workers.domain.sandbox_policy import Policy
from job_workers.sandbox.process_tree import memory_of_tree

WATCH_SECONDS = 0.02
GRACE_SECONDS = 0.5
"""The first process inside ends everything at the deadline; what outlives that by so much is ended from here."""
END_SECONDS = 2.0
ASKED_SECONDS = 0.2
_CHUNK = 65_536
_KILLED = 128 + signal.SIGKILL  # as bubblewrap tells it


class _Told(msgspec.Struct, frozen=True, rename="camel"):
    """What the first process tells at its end."""

    over: Literal["", "wall", "memory", "asked"]
    exit_code: int
    signal: int
    kept: bool
    wall_ms: float
    cpu_us: int
    max_rss_ki_b: int = msgspec.field(name="maxRssKiB")


class SandboxRun:
    """One run from start to end: reads what it says within bounds, ends it when it is over one."""

    def __init__(self, process: subprocess.Popen[bytes], policy: Policy, *, status: int, info: int, kept: int) -> None:
        self._process = process
        self._policy = policy
        self._first: tuple[int, int] | None = None  # process id and handle of the first process inside
        self._over: Over | None = None
        self._next_look = time.monotonic() + WATCH_SECONDS
        self._until = time.monotonic() + policy.wall_seconds + GRACE_SECONDS
        out, err = (_number(stream) for stream in (process.stdout, process.stderr))
        self._status, self._info, self._out, self._err, self._kept = status, info, out, err, kept
        self._most = {
            out: policy.output_bytes,
            err: policy.output_bytes,
            kept: policy.scratch_bytes,
            status: 4096,
            info: 4096,
        }
        self._read: dict[int, bytearray] = {source: bytearray() for source in self._most if source >= 0}

    def ended(self) -> Ended:
        """Read until everything inside has ended."""
        began = time.monotonic()
        try:
            self._listen()
        finally:
            self._end()
        took, told = (time.monotonic() - began) * 1000, self._told()
        if self._over is None:
            self._over = self._over_by(told) if told is not None else self._ended_by_kernel()
        clean = told is not None and not told.over and self._over is None
        return Ended(
            exit_code=told.exit_code if clean and told is not None and not told.signal else None,
            signal=(told.signal or None) if told is not None and not told.over else None,
            over=self._over,
            stdout=self._text(self._out),
            stderr=self._text(self._err),
            kept=bytes(self._read[self._kept]) if clean and told is not None and told.kept else None,
            wall_ms=told.wall_ms if told is not None else took,
            cpu_ms=told.cpu_us / 1000 if told is not None else 0.0,
            max_rss_kib=told.max_rss_ki_b if told is not None else 0,
        )

    def _listen(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for source in self._read:
                os.set_blocking(source, False)
                waiting.register(source, selectors.EVENT_READ)
            while waiting.get_map() and self._over is None:
                for key, _ in waiting.select(WATCH_SECONDS):
                    if not self._take(key.fd):
                        waiting.unregister(key.fd)
                self._look()

    def _take(self, source: int) -> bool:
        """Read what has come; return whether more may come."""
        try:
            chunk = os.read(source, _CHUNK)
        except BlockingIOError:
            return True
        read = self._read[source]
        read += chunk
        if len(read) > self._most[source]:
            self._over = "output"
        if source == self._info and self._first is None and b"}" in read:
            pid = int(json.loads(read)["child-pid"])
            with suppress(OSError):
                self._first = pid, os.pidfd_open(pid)
        return bool(chunk)

    def _look(self) -> None:
        now = time.monotonic()
        if now > self._until:
            self._over = "wall"
        elif self._first is not None and now > self._next_look:
            self._next_look = now + WATCH_SECONDS
            most = self._policy.memory_bytes
            if memory_of_tree(self._first[0], enough=most) > most:
                self._over = "memory"

    def _over_by(self, told: _Told) -> Over | None:
        if told.over:
            return "memory" if told.over == "memory" else "wall"
        spent = told.cpu_us / 1e6 >= self._policy.cpu_seconds and told.signal in {signal.SIGXCPU, signal.SIGKILL}
        if spent or told.signal == signal.SIGXCPU:
            return "wall"
        return "memory" if told.max_rss_ki_b * 1024 > self._policy.memory_bytes else None

    def _ended_by_kernel(self) -> Over | None:
        """Return `memory` where the first process inside was killed: nobody does that but a kernel short of memory."""
        return "memory" if self._process.returncode in {_KILLED, -signal.SIGKILL} else None

    def _end(self) -> None:
        """End the first process inside, and with it all; bubblewrap ends when the last of them has."""
        if self._over in {"memory", "output"}:
            self._signal(signal.SIGTERM)  # asked to, it ends the others and tells what they took
            self._ends_within(ASKED_SECONDS)
        self._signal(signal.SIGKILL)
        if not self._ends_within(END_SECONDS):
            self._process.kill()
            self._process.wait()
        if self._first is not None:
            os.close(self._first[1])
        self._drain_status()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _signal(self, number: signal.Signals) -> None:
        if self._first is not None:
            with suppress(OSError):
                signal.pidfd_send_signal(self._first[1], number)
        elif number is signal.SIGKILL:
            self._process.kill()

    def _ends_within(self, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False

    def _drain_status(self) -> None:
        with suppress(OSError):
            self._read[self._status] += os.read(self._status, 4096)

    def _told(self) -> _Told | None:
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(bytes(self._read[self._status]), type=_Told)
        return None

    def _text(self, source: int) -> bytes:
        return bytes(self._read[source][: self._policy.output_bytes])


def _number(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("expected a pipe, got none")
    return stream.fileno()
