"""A process that stays and forks for each foreign picture, so that no picture pays for a start. Reads no picture.

`python -m backbone.pictures.zygote` has a socket (AF_UNIX, SOCK_SEQPACKET) as its standard input:
    <- one answer when it is ready
    -> a request: the bounds of the clean picture, and with them (SCM_RIGHTS) the socket of one picture
       it forks; the fork reads the picture from that socket to its end, writes what `clean` says, and exits
    <- one answer for each request, once the fork is gone: how it exited
    -> `KILL` ends the fork early; one that comes after its end means nothing
It lives until its input ends, and the fork as long as it does. One picture at a time: who wants two starts two.
"""

import contextlib
import gc
import io
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import NoReturn

from PIL import Image

from backbone.die_with_parent import die_with_parent
from backbone.pictures.child import clean, limit_this_process
from backbone.pictures.heif import learn_heif

REQUEST = struct.Struct(">II")  # longest side in pixels, JPEG quality
ANSWER = struct.Struct(">i")  # an exit code, -N for signal N, or one of the two below
READY = 1000
CANNOT_FORK = 1001
KILL = b"kill"
EXIT_FAILED = 70
_MESSAGE_BYTES = 64
_MOST_FILES = 64  # more than this process ever opens

Clean = Callable[[bytes, int, int], tuple[int, bytes]]
"""Takes a picture, the longest side and the quality; returns an exit code and what is written."""


class Zygote:
    """Forks for one request after the other, in the one thread of its process.

    Args:
        control: from which requests come; the standard input, so that a fork's own input takes its place.
        clean: what a fork does.
    """

    def __init__(self, control: socket.socket, clean: Clean) -> None:
        self._control = control
        self._clean = clean
        self._ended, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)  # readable when a fork has ended

    def serve(self) -> None:
        """Answer requests until the parent is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler nothing is written to `_wake`
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._control.send(ANSWER.pack(READY))
        while True:
            message, files, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, 1)
            if not message:
                return
            if files:
                max_side, quality = REQUEST.unpack(message)
                self._control.send(ANSWER.pack(self._fork(files[0], max_side, quality)))

    def _fork(self, picture: int, max_side: int, quality: int) -> int:
        zygote = os.getpid()
        try:
            fork = os.fork()
        except OSError:
            os.close(picture)
            return CANNOT_FORK
        if fork == 0:
            self._be_the_fork(picture, zygote=zygote, max_side=max_side, quality=quality)
        os.close(picture)
        return self._follow(fork)

    def _follow(self, fork: int) -> int:
        """Wait for the fork's end, or bring it about when the parent says so or is gone; return how it exited."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._ended, select.POLLIN)
        while True:
            ready = {file for file, _ in poll.poll()}
            if self._ended in ready:
                os.read(self._ended, _MESSAGE_BYTES)
            elif self._control.fileno() in ready:
                self._control.recv(_MESSAGE_BYTES)
                os.kill(fork, signal.SIGKILL)
                poll.unregister(self._control)
            ended, status = os.waitpid(fork, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)

    def _be_the_fork(self, picture: int, *, zygote: int, max_side: int, quality: int) -> NoReturn:
        code = EXIT_FAILED
        try:
            die_with_parent(parent=zygote)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(picture, 0)  # the way to the parent ends here
            os.dup2(1, 2)  # what the decoders' libraries say goes where our output goes: nowhere
            os.closerange(3, _MOST_FILES)
            limit_this_process()
            with socket.socket(fileno=0) as ours:
                code, out = self._clean(ours.makefile("rb").read(), max_side, quality)
                ours.sendall(out)
        except BaseException:  # noqa: BLE001 - nothing of the zygote's own may run in its fork
            code = EXIT_FAILED
        finally:
            os._exit(code)


def warm_up() -> None:
    """Clean a picture of our own in each format, so that all that Pillow loads late is there before the first fork.

    HEIC's decoder, where it is installed, is only loaded: it encodes nothing.
    """
    learn_heif()
    exif = Image.Exif()
    exif[0x0112] = 1
    for kind in ("JPEG", "PNG", "WEBP"):
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, kind, exif=exif)
        clean(picture.getvalue(), 4, 90)


def main(clean: Clean = clean) -> None:
    """Serve the parent, whose process id is the only argument."""
    die_with_parent(parent=int(sys.argv[1]))
    warm_up()
    gc.collect()
    gc.freeze()  # a fork then copies no page because of the collector
    with contextlib.suppress(ConnectionError):  # the parent is gone
        Zygote(socket.socket(fileno=0), clean).serve()


if __name__ == "__main__":
    main()
