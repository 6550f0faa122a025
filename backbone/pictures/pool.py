"""A few processes that stay, for all foreign pictures of a role: started when needed, replaced when dead.

Each is a zygote (`zygote`) that forks for every picture: a picture that crashes, hangs or takes all memory
costs its fork. Bounds how many pictures run and wait, and for how long one runs. Does not say what an exit code means.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from os import getpid
from pathlib import Path

from backbone.errors import BadInput, Unavailable
from backbone.lifecycle import Part
from backbone.pictures.zygote import ANSWER, CANNOT_FORK, KILL, READY, REQUEST

DECODE_SECONDS = 10.0
START_SECONDS = 10.0
KILLED_SECONDS = 2.0
"""How long a zygote may take to tell that a fork which was to be killed is gone."""
REAP_SECONDS = 1.0
MAX_WAITING = 64
MAX_WAITING_BYTES = 64 * 1024 * 1024
ZYGOTE_MODULE = "backbone.pictures.zygote"
DIED = -9
_CHUNK_BYTES = 256 * 1024
_BYTES_PER_PIXEL = 4  # no JPEG that Pillow writes takes more
_HEADER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """How the fork of one picture exited (-N: by signal N), and what it wrote."""

    code: int
    out: bytes


class ZygoteDied(Exception):
    """The zygote ended, or does not answer any more."""


class ZygoteProcess:
    """One zygote, seen from its parent. Takes one picture at a time; of no use any more once it is `dead`."""

    def __init__(self, module: str) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        self._ready = False
        self._owes_answer = True  # the one that says it is ready
        self.dead = False
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", module, str(getpid())],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={"PYTHONPATH": str(Path(__file__).parents[2])},  # ours holds secrets
                    start_new_session=True,  # the terminal's Ctrl-C is for the role, which stops its zygotes itself
                )
            except OSError:
                self._control.close()
                raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def decode(self, raw: bytes, *, max_side: int, quality: int) -> Answer:
        """Have one picture decoded in a fork. Whoever is cancelled here leaves no fork behind.

        Raises:
            ZygoteDied: it is `dead`.
            Unavailable: it did not even get ready.
            TimeoutError: the picture takes too long.
        """
        await self._settle()
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            with theirs:
                self._send(REQUEST.pack(max_side, quality), theirs)
            self._owes_answer = True
            try:
                async with asyncio.timeout(DECODE_SECONDS):
                    out = await _exchange(ours, raw, most=max_side * max_side * _BYTES_PER_PIXEL + _HEADER_BYTES)
                    if out is None:
                        return Answer(DIED, b"")
                    return Answer(await self._answer(), out)
            finally:
                if self._owes_answer and not self.dead:
                    self._send(KILL)

    async def _settle(self) -> None:
        """Wait until it can take a picture: it may just have started, or still be killing one that was given up."""
        if not self._owes_answer:
            return
        try:
            async with asyncio.timeout(KILLED_SECONDS if self._ready else START_SECONDS):
                self._ready = await self._answer() == READY or self._ready
        except (TimeoutError, ZygoteDied):
            self.dead = True
            if self._ready:
                raise ZygoteDied from None
            raise Unavailable("expected to start a decoder, got one that ends or does not answer") from None

    async def _answer(self) -> int:
        try:
            told = await asyncio.get_running_loop().sock_recv(self._control, ANSWER.size)
        except OSError:
            told = b""
        if len(told) != ANSWER.size:
            self.dead = True
            raise ZygoteDied
        self._owes_answer = False
        code: int = ANSWER.unpack(told)[0]
        return code

    def _send(self, message: bytes, file: socket.socket | None = None) -> None:
        try:
            socket.send_fds(self._control, [message], [] if file is None else [file.fileno()])
        except OSError:
            self.dead = True
            if file is not None:
                raise ZygoteDied from None

    def kill(self) -> None:
        """End it; who waits for an answer is told at once that it died."""
        self._process.kill()

    def close(self) -> None:
        """End it and let go of it."""
        self.kill()
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):  # in the kernel's hands; reaped by a later Popen
            self._process.wait(REAP_SECONDS)


class PicturePool(Part):
    """Decodes foreign pictures, a bounded number at a time. Belongs to one event loop.

    Args:
        size: how many pictures are decoded at once, each with a zygote of its own.
        module: what a zygote runs.
    """

    def __init__(self, *, size: int = 2, module: str = ZYGOTE_MODULE) -> None:
        self._size = size
        self._module = module
        self._turn = asyncio.Semaphore(size)
        self._idle: list[ZygoteProcess] = []
        self._busy: set[ZygoteProcess] = set()
        self._waiting = 0
        self._waiting_bytes = 0
        self._stopped = False

    @property
    def pids(self) -> set[int]:
        """The process ids of the zygotes that run."""
        return {zygote.pid for zygote in (*self._idle, *self._busy)}

    async def stop(self) -> None:
        """End all zygotes; pictures that run or wait are told as unavailable."""
        self._stopped = True
        for zygote in self._busy:
            zygote.kill()
        while self._idle:
            self._idle.pop().close()
        async with AsyncExitStack() as turns:
            for _ in range(self._size):
                await turns.enter_async_context(self._turn)

    async def decode(self, raw: bytes, *, max_side: int, quality: int) -> Answer:
        """Return what the child says of a picture (see `child.clean`).

        Raises:
            BadInput: it takes too long to decode.
            Unavailable: too many pictures wait already, this machine can start no process, or the role stops.
        """
        self._admit(len(raw))
        try:
            async with self._turn:
                return await self._decode(raw, max_side=max_side, quality=quality)
        finally:
            self._waiting -= 1
            self._waiting_bytes -= len(raw)

    def _admit(self, size: int) -> None:
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"expected at most {MAX_WAITING} pictures to wait, got one more; try again")
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise Unavailable(f"expected at most {MAX_WAITING_BYTES} bytes of pictures to wait, got more; try again")
        self._waiting += 1
        self._waiting_bytes += size

    async def _decode(self, raw: bytes, *, max_side: int, quality: int) -> Answer:
        for _ in range(2):  # once more on a new zygote: it may have died of something else than this picture
            with self._leased() as zygote:
                try:
                    answer = await zygote.decode(raw, max_side=max_side, quality=quality)
                except ZygoteDied:
                    continue
                except TimeoutError:
                    text = f"expected a picture that can be decoded within {DECODE_SECONDS:g} s, got one that cannot"
                    raise BadInput(text, code="bad_picture") from None
                if answer.code == CANNOT_FORK:
                    raise Unavailable("expected to start a decoder, got: this machine can start no more processes")
                return answer
        self._refuse_when_stopped()
        return Answer(DIED, b"")

    def _refuse_when_stopped(self) -> None:
        if self._stopped:
            raise Unavailable("expected a decoder, got none: it is being stopped")

    @contextlib.contextmanager
    def _leased(self) -> Iterator[ZygoteProcess]:
        self._refuse_when_stopped()
        try:
            zygote = self._idle.pop() if self._idle else ZygoteProcess(self._module)
        except OSError as fault:
            raise Unavailable(f"expected to start a decoder, got: {fault}") from None
        self._busy.add(zygote)
        try:
            yield zygote
        finally:
            self._busy.discard(zygote)
            if zygote.dead or self._stopped:
                zygote.close()
            else:
                self._idle.append(zygote)


async def _exchange(ours: socket.socket, raw: bytes, *, most: int) -> bytes | None:
    """Send the picture, return what comes back; None when that is more than any clean picture takes."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):  # a fork that died early; what it wrote until then is read all the same
        await loop.sock_sendall(ours, raw)
        ours.shutdown(socket.SHUT_WR)
    out = bytearray()
    with contextlib.suppress(ConnectionError):
        while chunk := await loop.sock_recv(ours, _CHUNK_BYTES):
            out += chunk
            if len(out) > most:
                return None
    return bytes(out)
