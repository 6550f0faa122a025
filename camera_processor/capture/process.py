"""One run of the capture child, seen from its parent: spawn, read, watch, kill, reap. Starts nothing a second time."""

import contextlib
import fcntl
import json
import os
import platform
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backbone.errors import BadInput
from camera_processor.capture.child import OWN_WORDS
from camera_processor.capture.sources.kind import Source
from camera_processor.capture.wire import Header, Image, Kind, RecordReader

PIPE_BYTES = 1 << 20  # Linux' default limit for one pipe; a 1280x720 picture then takes 3 wake-ups instead of 43
READ_SECONDS = 0.8  # share of the watchdog's time after which the child itself gives up and can say why
POLL_SECONDS = 0.5
STALL_SECONDS = 2.0
REAP_SECONDS = 1.0
MAX_LINE = 500
MAX_LAST_READS = 16
SPAWNED_MODULE = "camera_processor.capture.child"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; `error` is empty when the source itself came to its end."""

    ended: bool
    error: str = ""


class LastWords:
    """The last line of the child's own and the last of the libraries in it; keeps no more of its stderr."""

    def __init__(self) -> None:
        self._rest = b""
        self._own = ""
        self._other = ""

    def feed(self, data: bytes) -> None:
        """Take what came on stderr."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MAX_LINE:]
        for line in filter(None, (line[:MAX_LINE].decode("utf-8", "replace").strip() for line in lines)):
            if line.startswith(OWN_WORDS):
                self._own = line.removeprefix(OWN_WORDS)
            elif "can't be used to capture by name" not in line:  # OpenCV says it after every failure
                self._other = line

    def text(self, fallback: str) -> str:
        """Return what went wrong in one line; `fallback` when the child itself did not say."""
        own = self._own or fallback
        return f"{own} ({self._other})" if self._other else own


class CaptureProcess:
    """One child for one source. `run` belongs to one thread, `stop` may be called from any.

    Args:
        source: what to play.
        no_frame_timeout: seconds without a picture after which the child is killed.
        on_picture: called in the thread of `run` with each picture's header and its (h, w, 3) uint8 RGB image.
        on_header: called for the records that carry no picture.
    """

    def __init__(
        self,
        source: Source,
        *,
        no_frame_timeout: float,
        on_picture: Callable[[Header, Image], None],
        on_header: Callable[[Header], None],
    ) -> None:
        self._source = source
        self._timeout = no_frame_timeout
        self._on_picture = on_picture
        self._on_header = on_header
        self._lock = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._words = LastWords()
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The running child's process id, None when there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def stop(self) -> None:
        """Kill the child now; `run` then returns soon."""
        with self._lock:
            self._stopped = True
            self._kill()

    def run(self) -> Outcome:
        """Play until the source ends, fails or is silent for too long; blocks. No child is left when it returns.

        The thread that calls this must live as long: the kernel kills the child with it.
        """
        try:
            with self._lock:
                if self._stopped:
                    return Outcome(ended=False, error="stopped")
                self._process = process = self._spawn()
        except OSError as error:
            return Outcome(ended=False, error=f"the capture process could not be started: {error}")
        try:
            complaint = self._follow(process)
            return self._judge(process, complaint)
        finally:
            self._reap(process)

    def _spawn(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", SPAWNED_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )
        stdin, stdout, stderr = _pipes(process)
        with contextlib.suppress(OSError):  # the user's share of pipe memory may be used up: slower, not wrong
            fcntl.fcntl(stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        os.set_blocking(stdout.fileno(), False)
        os.set_blocking(stderr.fileno(), False)
        request = {"source": self._source.text, "timeout": self._timeout * READ_SECONDS, "parent": os.getpid()}
        with contextlib.suppress(BrokenPipeError):
            stdin.write(json.dumps(request).encode() + b"\n")
        return process

    def _follow(self, process: subprocess.Popen[bytes]) -> str:
        """Read until the pipe ends; return a complaint when it is we who end it."""
        _, stdout, stderr = _pipes(process)
        poll = select.poll()
        poll.register(stdout, select.POLLIN)
        poll.register(stderr, select.POLLIN)
        records = RecordReader()
        turned = time.monotonic()
        deadline = turned + self._timeout
        while (left := deadline - (now := time.monotonic())) > 0 or now - turned > STALL_SECONDS:
            if now - turned > STALL_SECONDS:  # it was we who stood still (stopped, or a slow slot), not the camera
                deadline += now - turned
            turned = now
            for fd, _event in poll.poll(max(min(left, POLL_SECONDS), 0.0) * 1000):
                if fd == stderr.fileno():
                    if not self._read_words(fd):
                        poll.unregister(fd)
                    continue
                try:
                    count = os.readv(fd, [records.room()])
                    if count == 0:
                        return ""
                    if self._take(records, count):
                        deadline = time.monotonic() + self._timeout
                except BadInput as error:
                    return str(error)
        return f"no picture for {self._timeout:g} s"

    def _take(self, records: RecordReader, count: int) -> bool:
        record = records.advance(count)
        if record is None:
            return False
        header, image = record
        if image is not None:
            self._on_picture(header, image)
        else:
            self._on_header(header)
        self._ended = header.kind is Kind.END
        return True

    def _read_words(self, fd: int) -> bool:
        """Take what is on stderr; False at its end."""
        try:
            data = os.read(fd, 65_536)
        except BlockingIOError:
            return True
        self._words.feed(data)
        return bool(data)

    def _judge(self, process: subprocess.Popen[bytes], complaint: str) -> Outcome:
        if not complaint:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(REAP_SECONDS)
        code = process.returncode
        self._reap(process)
        for _ in range(MAX_LAST_READS):
            self._read_words(_pipes(process)[2].fileno())
        self._words.feed(b"\n")
        if not complaint and code == 0 and self._ended:
            return Outcome(ended=True)
        fallback = complaint or f"the capture process ended with {_describe(code)}"
        return Outcome(ended=False, error=self._source.scrub(self._words.text(fallback)))

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._kill()
        try:
            process.wait(REAP_SECONDS)
        except subprocess.TimeoutExpired:  # in the kernel's hands; subprocess reaps it at a later Popen
            self._words.feed(OWN_WORDS.encode() + b"the capture process could not be killed\n")

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the pipes; after `run`."""
        if self._process is not None:
            for pipe in _pipes(self._process):
                with contextlib.suppress(OSError):
                    pipe.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ValueError("expected a process with three pipes")
    return process.stdin, process.stdout, process.stderr


def _describe(code: int | None) -> str:
    if code is None:
        return "its pipe closed"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _environment() -> dict[str, str]:
    """Return what the child gets: none of our own environment, which holds secrets."""
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "OPENBLAS_NUM_THREADS": "1"}
    if platform.machine() == "aarch64":
        environment["OPENBLAS_CORETYPE"] = "ARMV8"  # else numpy dies on a Jetson Nano
    return environment
