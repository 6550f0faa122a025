"""Senders of the legacy Pi protocol, as cheap as they can be: `python -m benchmarks.upload_load`; prints JSON.

Each sender is a thread with a connection of its own; the bytes are made before the clock starts. Knows no receiver.
"""

import argparse
import hashlib
import http.client
import json
import random
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

BOUNDARY = b"----upload-load-boundary"
TIMEOUT = 300.0
BLOCK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: a block, again and again; its digest."""

    block: bytes
    times: int
    digest: str

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.block) * self.times


def made(size: int, *, seed: int) -> Body:
    """Return a file of so many bytes; one of more than 16 MiB repeats itself."""
    times = max(1, size // BLOCK)
    block = random.Random(seed).randbytes(size // times)  # noqa: S311 - noise, no secret
    found = hashlib.sha256()
    for _ in range(times):
        found.update(block)
    return Body(block, times, found.hexdigest())


def send(port: int, station: int, names: list[str], body: Body) -> int:
    """Send files of one content on one channel and one connection; return how many were received."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    identity = {"pi_id": f"{station:016x}", "pi_num": str(station)}
    connection.request("GET", "/upload", headers=identity)
    letters = connection.getresponse().read().decode().split()[1]
    received = 0
    for left, name in zip(range(len(names), 0, -1), names, strict=True):
        head = f'Content-Disposition: form-data; name="sensor_data_file"; filename="{name}"'.encode()
        before, after = b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n", b"\r\n--" + BOUNDARY + b"--\r\n"
        headers = identity | {"num_files": str(left), "checksum": body.digest}
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY.decode()}"
        headers["Content-Length"] = str(len(before) + body.size + len(after))
        connection.putrequest("POST", f"/upload/{letters}")
        for key, value in headers.items():
            connection.putheader(key, value)
        connection.endheaders(before if body.size > BLOCK else before + body.block + after)
        if connection.sock is not None:
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if body.size > BLOCK:
            for _ in range(body.times):
                connection.send(body.block)
            connection.send(after)
        received += connection.getresponse().read() == b"200"
    connection.close()
    return received


def main() -> int:
    """Send, then tell how long it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upload_load", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--senders", type=int, default=1)
    parser.add_argument("--files", type=int, default=1, help="files of each sender")
    parser.add_argument("--bytes", type=int, default=64 * 1024 * 1024, help="size of each file")
    parser.add_argument("--run", type=int, default=0, help="part of the files' names")
    chosen = parser.parse_args()
    body = made(chosen.bytes, seed=chosen.run)
    names = [f"{chosen.run}-{number}.csv" for number in range(chosen.files)]
    began = time.perf_counter()
    with ThreadPoolExecutor(chosen.senders) as threads:
        received = sum(
            threads.map(lambda station: send(chosen.port, station, names, body), range(1, chosen.senders + 1))
        )
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "received": received, "bytes": received * body.size}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
