"""The load of the fan-out benchmark: processors that send boxes and clients that take them, on plain sockets.

It is a process of its own and does as little as it can for each message, so that the server is what is measured. Every
message has the same length, so bytes are messages.
"""

import argparse
import base64
import json
import os
import selectors
import socket
import struct
import time
from urllib.parse import urlsplit

from benchmarks.children import cpu_seconds, resident_bytes

WARM_UP_SECONDS = 1.0
QUIET_SECONDS = 1.0
"""When nothing came for so long, everything has come."""
STAMP = b"0000000000.000000"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def boxes_message(boxes: int) -> bytes:
    """Return a `boundingBoxes` text of a usual size; `STAMP` stands where the frame's time goes."""
    box = {"rect": [0.1234, 0.2345, 0.3456, 0.4567], "objectType": "face", "certainty": 0.987}
    many = [{"boxId": number} | box for number in range(boxes)]
    text = json.dumps({"type": "boundingBoxes", "frameId": 0, "boxes": many})
    return text.replace('"frameId": 0', f'"frameId": {STAMP.decode()}').encode()


def masked_frame(payload: bytes) -> bytes:
    """Return a text frame as a client sends it; the mask is zero, which leaves the payload readable (RFC 6455, 5.3)."""
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + bytes(4) + payload


def connected(url: str, path: str) -> socket.socket:
    """Return a WebSocket's socket after the handshake."""
    place = urlsplit(url)
    peer = socket.create_connection((place.hostname, place.port), timeout=5)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    peer.sendall(HANDSHAKE.format(path=path, host=place.netloc, key=key).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += peer.recv(1)
    if b" 101 " not in answer:
        raise ConnectionError(f"expected 101 from {path}, got {answer[:60]!r}")
    return peer


class Client:
    """Counts what it takes by its bytes, and looks at the newest stamp of each read."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        self.peer = peer
        self.bytes = 0
        self.ages: list[float] = []
        self._tail = b""

    def count_anew(self) -> None:
        """Forget what was counted so far."""
        self.bytes, self.ages = 0, []

    def take(self) -> int:
        """Read what is there and return how many bytes came."""
        came = self.peer.recv(1 << 20)
        if not came:
            raise ConnectionError("the server let a client go")
        self.bytes += len(came)
        seen = self._tail + came
        at = seen.rfind(b'"frameId":')
        stamp = seen[at + 10 : at + 11 + len(STAMP)].strip(b" ,")
        if at >= 0 and len(stamp) == len(STAMP):
            self.ages.append(time.time() - float(stamp))
        self._tail = seen[-64:]
        return len(came)


class Load:
    """Cameras and clients of one run.

    Args:
        hertz: messages a camera sends each second; 0: each camera sends as soon as its last message is with a client.
    """

    def __init__(self, url: str, *, cameras: int, clients: int, hertz: float, boxes: int) -> None:
        self._hertz = hertz
        self._payload = boxes_message(boxes)
        self.clients = [Client(connected(url, "/client")) for _ in range(clients)]
        self._cameras = [connected(url, "/processor") for _ in range(cameras)]
        for number, camera in enumerate(self._cameras):
            camera.sendall(masked_frame(json.dumps({"type": "identifier", "id": f"camera-{number:04}"}).encode()))
        self._selector = selectors.DefaultSelector()
        for client in self.clients:
            self._selector.register(client.peer, selectors.EVENT_READ, client)
        self.sent = 0

    def run(self, seconds: float, *, pid: int) -> tuple[float, float]:
        """Send for so long, then wait until nothing comes any more.

        Returns:
            Seconds that sending took, and the seconds of CPU that the server `pid` spent from its begin to the last
            message's arrival.
        """
        self._pass(WARM_UP_SECONDS)
        for client in self.clients:
            client.count_anew()
        began, spent = time.time(), cpu_seconds(pid)
        if self._hertz:
            self._send_at_rate(began, seconds)
        else:
            self._send_as_taken(began + seconds)
        took = time.time() - began
        while self._read(QUIET_SECONDS):
            pass
        return took, cpu_seconds(pid) - spent

    def _send_at_rate(self, began: float, seconds: float) -> None:
        # Spread evenly: cameras are not in step with each other.
        gap = 1.0 / (self._hertz * len(self._cameras))
        for number in range(int(seconds / gap)):
            while (wait := began + number * gap - time.time()) > 0:
                self._read(wait)
            self._send(number % len(self._cameras))

    def _send_as_taken(self, until: float) -> None:
        size, window = 0, 4 * len(self._cameras)
        while time.time() < until:
            slowest = min(client.bytes for client in self.clients)
            taken = slowest // size if size else 0
            for _ in range(window - (self.sent - taken)):
                self._send(self.sent % len(self._cameras))
            self._read(0.1)
            if not size and all(client.bytes for client in self.clients):
                self._pass(0.2)
                size = self.clients[0].bytes // self.sent

    def _send(self, camera: int) -> None:
        stamp = f"{time.time():.5f}7".encode()  # ends in 7: a server that writes it anew drops no zero
        self._cameras[camera].sendall(masked_frame(self._payload.replace(STAMP, stamp)))
        self.sent += 1

    def _read(self, patience: float) -> bool:
        ready = self._selector.select(patience)
        for key, _ in ready:
            key.data.take()
        return bool(ready)

    def _pass(self, seconds: float) -> None:
        until = time.time() + seconds
        while (left := until - time.time()) > 0:
            self._read(left)


def main() -> None:
    """Print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    for name, default in (("cameras", 10), ("clients", 10), ("boxes", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    parser.add_argument("--hertz", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    chosen = vars(parser.parse_args())
    url, seconds, pid = chosen.pop("url"), chosen.pop("seconds"), chosen.pop("pid")
    alone = resident_bytes(pid) // 1024
    load = Load(url, **chosen)
    connected_rss = resident_bytes(pid) // 1024
    took, spent = load.run(seconds, pid=pid)
    told = {
        "sent": load.sent,
        "bytes": [client.bytes for client in load.clients],
        "seconds": took,
        "cpu": spent,
        "ages": sorted(age for client in load.clients for age in client.ages),
        "rss_alone": alone,
        "rss_connected": connected_rss,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
