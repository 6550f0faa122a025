"""The process that holds a camera: writes its pictures to stdout and may be killed at any time. Restarts nothing.

`python -m camera_processor.capture.child` reads one JSON line from stdin, so that credentials are on no command line,
and lives until stdin ends, its parent dies, the source ends (exit 0) or fails (exit 3, the reason on stderr).
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from backbone.die_with_parent import die_with_parent
from backbone.errors import SearchlightError
from camera_processor.capture.sources.pace import Picture, Stage
from camera_processor.capture.sources.table import parse_source
from camera_processor.capture.wire import Header, Kind

ENDED, BAD_REQUEST, FAILED, ABANDONED = 0, 2, 3, 4
OWN_WORDS = "capture: "  # marks our lines among FFmpeg's on stderr
_MAX_REQUEST = 65_536


@dataclass(frozen=True, slots=True)
class Request:
    """What the parent asks for: the source's text, the seconds that opening and reading may take, the parent's pid."""

    source: str
    timeout: float
    parent: int


class Outlet:
    """Writes records to the parent; the pipe's own fullness is what slows it down."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._refused = 0
        self._lock = threading.Lock()

    def refuse(self) -> None:
        """Count a picture that was no picture or over a limit; the next record tells it."""
        self._refused += 1

    def picture(self, picture: Picture, sequence: int) -> None:
        """Write one picture; blocks while the reader is slow."""
        height, width = picture.image.shape[:2]
        header = Header(Kind.PICTURE, sequence, self._refused, picture.frame_id, picture.started_at, width, height)
        with self._lock:
            self._write(header.pack())
            self._write(picture.image.data.cast("B"))

    def idle(self) -> None:
        """Say that the next picture is not due yet; nothing when a picture is on its way."""
        if self._lock.acquire(blocking=False):
            try:
                self._write(Header(Kind.IDLE, refused=self._refused).pack())
            finally:
                self._lock.release()

    def end(self, sequence: int) -> None:
        """Say that the source has no more pictures."""
        with self._lock:
            self._write(Header(Kind.END, sequence, self._refused).pack())

    def _write(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]


class NewestOutlet:
    """Writes on a thread of its own and keeps one waiting picture: a slow reader gets the newest, not a queue."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._wake = threading.Condition()
        self._waiting: tuple[Picture, int] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="outlet")
        self._thread.start()

    def picture(self, picture: Picture, sequence: int) -> None:
        """Hand over a picture; one that still waits is dropped, its sequence number is the trace of it."""
        with self._wake:
            self._waiting = (picture, sequence)
            self._wake.notify()

    def close(self) -> None:
        """Write what still waits and end the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._closed)
                if self._waiting is None:
                    return
                (picture, sequence), self._waiting = self._waiting, None
            try:
                self._outlet.picture(picture, sequence)
            except OSError:
                os._exit(ABANDONED)


def deliver(pictures: Iterable[Picture | None], outlet: Outlet, *, newest_only: bool) -> None:
    """Write all pictures and the end; None counts as a picture that was dropped."""
    newest = NewestOutlet(outlet) if newest_only else None
    write = (newest or outlet).picture
    sequence = 0
    for sequence, picture in enumerate(pictures, start=1):
        if picture is not None:
            write(picture, sequence)
    if newest is not None:
        newest.close()
    outlet.end(sequence)


def read_request(fd: int) -> Request:
    """Read the request's line, at most 64 KiB; raises ValueError when it is something else."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(fd, 4096)
        line += piece
        if not piece or len(line) > _MAX_REQUEST:
            raise ValueError(f"expected one JSON line of at most {_MAX_REQUEST} bytes on stdin; got {len(line)} bytes")
    fields = json.loads(line)
    return Request(str(fields["source"]), float(fields["timeout"]), int(fields["parent"]))


def follow(parent: int) -> None:
    """Have the kernel kill this process when the parent's thread ends, and end it when stdin does."""
    if os.getppid() != parent:
        os._exit(ABANDONED)
    die_with_parent(parent=parent)

    def follow_stdin() -> None:
        while os.read(0, 4096):
            pass
        os._exit(ABANDONED)

    threading.Thread(target=follow_stdin, daemon=True, name="stdin").start()


def main() -> int:
    """Play one source to its end; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not garble the pictures
    try:
        request = read_request(0)
    except (ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"{OWN_WORDS}request: {type(error).__name__}: {error}\n")
        return BAD_REQUEST
    follow(request.parent)
    outlet = Outlet(pipe)
    stage = Stage(idle=outlet.idle, refuse=outlet.refuse)
    try:
        source = parse_source(request.source)
        deliver(source.play(stage, timeout=request.timeout), outlet, newest_only=source.newest_only)
    except SearchlightError as error:
        sys.stderr.write(f"{OWN_WORDS}{error}\n")
        return FAILED
    except BrokenPipeError:
        return ABANDONED
    return ENDED


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # FFmpeg's threads may hang in a normal exit
