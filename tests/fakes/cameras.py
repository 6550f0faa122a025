"""What every fake camera shares: a listening socket that can misbehave on command. Speaks no camera protocol itself."""

import abc
import contextlib
import enum
import io
import socket
import ssl
import struct
import threading
from typing import Self

import numpy as np
from PIL import Image

MAX_CONNECTIONS = 16


class Behaviour(enum.Enum):
    """What a camera does to those who are connected and to those who come."""

    PLAY = "play"
    HANG = "hang"  # accepts and never says a word
    FREEZE = "freeze"  # says nothing more on connections that already play
    RESET = "reset"  # cuts with RST instead of FIN
    MISSING = "missing"  # answers 404


class FakeCamera(abc.ABC):
    """A bounded threaded TCP server on loopback; a subclass says what is spoken on one connection.

    `size` may be changed while it plays; `behaviour` too. `vanish()` closes the port and cuts everybody.
    """

    scheme = "tcp"
    path = "/"

    def __init__(
        self,
        *,
        fps: float = 20.0,
        size: tuple[int, int] = (160, 120),
        login: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls = tls
        self.fps = fps
        self.size = size
        self.login = login
        self.behaviour = Behaviour.PLAY
        self.connections = 0
        self.requests: list[str] = []
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._peers: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.come_back()

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"{self.scheme}{'s' if self.tls else ''}://{login}127.0.0.1:{self.port}{self.path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()

    def come_back(self) -> None:
        """Listen again, on the port of before."""
        self._closing = threading.Event()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(8)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def vanish(self) -> None:
        """Close the port, cut every connection with RST and wait for the threads."""
        self._closing.set()
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            peers, threads = list(self._peers), list(self._threads)
        for peer in peers:
            cut(peer)
        for thread in threads:
            thread.join(5.0)

    @abc.abstractmethod
    def speak(self, peer: socket.socket) -> None:
        """Serve one connection until it ends."""

    def pause(self, seconds: float) -> None:
        """Wait on a connection's thread; raises ConnectionError when the camera vanishes or resets."""
        if self._closing.wait(seconds):
            raise ConnectionAbortedError
        while self.behaviour in {Behaviour.FREEZE, Behaviour.HANG}:
            if self._closing.wait(0.02):
                raise ConnectionAbortedError
        if self.behaviour is Behaviour.RESET:
            raise ConnectionResetError

    def jpeg(self, number: int, *, subsampling: int = 2) -> bytes:
        return draw_jpeg(number, self.size, subsampling=subsampling)

    def _start(self, target: object, *args: object) -> None:
        def run() -> None:
            try:
                target(*args)  # type: ignore[operator]
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, daemon=True, name=f"fake-{self.scheme}")
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                full = len(self._peers) >= MAX_CONNECTIONS
                if not full:
                    self._peers.add(peer)
            if full:
                cut(peer)
                continue
            self.connections += 1
            self._start(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(30.0)
        try:
            self.pause(0.0)
            self.speak(self._encrypted(peer))
            peer.shutdown(socket.SHUT_WR)
        except ConnectionResetError:
            cut(peer)
        except (OSError, EOFError):
            pass
        finally:
            with self._lock:
                self._peers.discard(peer)
            peer.close()

    def _encrypted(self, peer: socket.socket) -> socket.socket:
        """Speak TLS on a copy, so that the peer itself can still be cut."""
        return self.tls.wrap_socket(peer.dup(), server_side=True) if self.tls else peer


def cut(peer: socket.socket) -> None:
    """Close with RST, as a camera does whose power goes."""
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.shutdown(socket.SHUT_RDWR)
    peer.close()


def read_head(peer: socket.socket, head: bytes = b"") -> str:
    """Read one HTTP or RTSP request head, at most 16 KiB, that began with `head`; EOFError at the peer's end."""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte or len(head) > 16_384:
            raise EOFError
        head += byte
    return head.decode("latin-1")


def draw_picture(number: int, size: tuple[int, int]) -> np.ndarray:
    """A (h, w, 3) RGB picture, red on the left, blue on the right, with a bar that moves."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (200, 30, 30)
    image[:, width // 2 :] = (30, 30, 200)
    left = number * 8 % max(width - 8, 1)
    image[:, left : left + 8] = 255
    return image


def draw_jpeg(number: int, size: tuple[int, int], *, subsampling: int = 2) -> bytes:
    held = io.BytesIO()
    Image.fromarray(draw_picture(number, size)).save(held, "JPEG", quality=80, subsampling=subsampling)
    return held.getvalue()
