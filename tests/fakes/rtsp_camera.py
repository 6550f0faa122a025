"""A fake RTSP camera: RTP/JPEG (RFC 2435) interleaved in the RTSP connection (RFC 2326 section 10.12). No UDP."""

import contextlib
import socket
import struct
import threading

from tests.fakes.cameras import Behaviour, FakeCamera, read_head
from tests.fakes.mjpeg_camera import allowed

CLOCK_HZ = 90_000  # RFC 2435 section 3: the RTP clock of JPEG
PAYLOAD_BYTES = 1400


class RtspCamera(FakeCamera):
    """Answers OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER and TEARDOWN, then sends one JPEG per 1/fps seconds."""

    scheme = "rtsp"
    path = "/live"

    def speak(self, peer: socket.socket) -> None:
        writing = threading.Lock()
        gone = threading.Event()
        try:
            while self._answer(peer, read_head(peer), writing):
                pass
            self._start(self._follow, peer, writing, gone)
            self._play(peer, writing, gone)
        finally:
            gone.set()

    def _answer(self, peer: socket.socket, head: str, writing: threading.Lock) -> bool:
        """Answer one request; return False once PLAY was answered."""
        self.requests.append(head)
        method = head.split(" ", 1)[0]
        sequence = next(
            (line.split(":")[1].strip() for line in head.split("\r\n") if line.lower().startswith("cseq")), "0"
        )
        status, extra, body = "200 OK", "", ""
        if self.behaviour is Behaviour.MISSING:
            status = "404 Not Found"
        elif method != "OPTIONS" and not allowed(self.login, head):
            status, extra = "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n'
        elif method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = self._description()
            extra = f"Content-Type: application/sdp\r\nContent-Base: rtsp://127.0.0.1:{self.port}{self.path}/\r\n"
        elif method == "SETUP":
            extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 12345678;timeout=60\r\n"
        else:
            extra = "Session: 12345678\r\n"
        text = f"RTSP/1.0 {status}\r\nCSeq: {sequence}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}"
        with writing:
            peer.sendall(text.encode())
        return not (method == "PLAY" and status == "200 OK")

    def _description(self) -> str:
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=fake camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP 26\r\na=framerate:{self.fps:g}\r\na=control:track1\r\n"
        )

    def _follow(self, peer: socket.socket, writing: threading.Lock, gone: threading.Event) -> None:
        """Answer what the player asks while it plays: keep-alive and TEARDOWN."""
        with contextlib.suppress(OSError, EOFError):
            while not gone.is_set():
                try:
                    first = peer.recv(1)
                except TimeoutError:
                    continue
                if first == b"$":  # RTCP from the player, RFC 2326 section 10.12
                    _channel, length = struct.unpack("!BH", read_exactly(peer, 3))
                    read_exactly(peer, length)
                    continue
                self._answer(peer, read_head(peer, first), writing)

    def _play(self, peer: socket.socket, writing: threading.Lock, gone: threading.Event) -> None:
        number = packet = 0
        while not gone.is_set():
            width, height = self.size
            pieces = rtp_jpeg(self.jpeg(number), width, height)
            stamp = int(number * CLOCK_HZ / self.fps) & 0xFFFFFFFF
            for index, piece in enumerate(pieces):
                marker = 0x80 if index == len(pieces) - 1 else 0
                header = struct.pack("!BBHII", 0x80, 26 | marker, packet & 0xFFFF, stamp, 0x5EA7C411)
                with writing:
                    peer.sendall(struct.pack("!BBH", 0x24, 0, len(header) + len(piece)) + header + piece)
                packet += 1
            number += 1
            self.pause(1.0 / self.fps)


def read_exactly(peer: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def rtp_jpeg(jpeg: bytes, width: int, height: int) -> list[bytes]:
    """Split a baseline 4:2:0 JPEG with the standard Huffman tables into payloads, RFC 2435 sections 3.1 and 4.2."""
    tables, scan = _tables_and_scan(jpeg)
    pieces = []
    for offset in range(0, len(scan), PAYLOAD_BYTES):
        head = struct.pack("!I", offset) + bytes([1, 255, width // 8, height // 8])
        if offset == 0:
            head += struct.pack("!BBH", 0, 0, len(tables)) + tables
        pieces.append(head + scan[offset : offset + PAYLOAD_BYTES])
    return pieces


def _tables_and_scan(jpeg: bytes) -> tuple[bytes, bytes]:
    tables, place = b"", 2
    while True:
        marker, length = struct.unpack("!HH", jpeg[place : place + 4])
        body = jpeg[place + 4 : place + 2 + length]
        place += 2 + length
        if marker == 0xFFDB:
            for start in range(0, len(body), 65):
                tables += body[start + 1 : start + 65]
        elif marker == 0xFFDA:
            return tables, jpeg[place:-2]
