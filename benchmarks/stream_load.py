"""The viewers of the stream benchmark, in a process of their own; it reads the server's processor clock meanwhile."""

import argparse
import asyncio
import json
import socket
import time
from typing import cast

from benchmarks.children import tree_cpu_seconds
from benchmarks.numbered_clip import age_of, number_of

START_SECONDS = 20.0
_BEGIN, _END = b"\xff\xd8\xff", b"\xff\xd9"
_STALLED_BUFFER = 4096


class Viewer(asyncio.Protocol):
    """Counts pictures; `probe` also looks at each and notes its age. A stalled one reads nothing at all."""

    def __init__(self, path: str, *, probe: bool = False, stalled: bool = False) -> None:
        self.taken = 0
        self.ages: list[float] = []
        self.lost = False
        self.began = asyncio.Event()
        self._path, self._probe, self._stalled = path, probe, stalled
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        way = cast("asyncio.Transport", transport)
        way.write(f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        if self._stalled:
            way.pause_reading()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note it."""
        self.lost = True

    def data_received(self, data: bytes) -> None:
        """Count the pictures that begin here; compressed data holds no such bytes (ITU T.81 section B.1.1.5)."""
        data = self._rest + data
        self.taken += data.count(_BEGIN)
        if self.taken:
            self.began.set()
        if not self._probe:
            self._rest = data[1 - len(_BEGIN) :] if len(data) >= len(_BEGIN) else data
            return
        self.taken = 0
        while (begin := data.find(_BEGIN)) >= 0 and (end := data.find(_END, begin)) >= 0:
            self.ages.append(age_of(number_of(data[begin : end + 2]), time.time()))
            data = data[end + 2 :]
        self._rest = data

    def count(self) -> int:
        """Return how many pictures came since the last count."""
        taken, self.taken = (len(self.ages) if self._probe else self.taken), 0
        return taken


async def join(port: int, viewer: Viewer, *, stalled: bool) -> None:
    """Connect a viewer."""
    plain = socket.socket()
    if stalled:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STALLED_BUFFER)
    plain.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(plain, ("127.0.0.1", port))
    await loop.create_connection(lambda: viewer, sock=plain)


async def run(port: int, pid: int, path: str, *, viewers: int, stalled: int, seconds: float) -> dict[str, object]:
    """Return the server's share of a core, pictures a second of the slowest viewer, and ages."""
    watching = [Viewer(path, probe=number == 0) for number in range(viewers)]
    asleep = [Viewer(path, stalled=True) for _ in range(stalled)]
    for viewer in (*asleep, *watching):
        await join(port, viewer, stalled=viewer in asleep)
    async with asyncio.timeout(START_SECONDS):
        for viewer in watching:
            await viewer.began.wait()
    await asyncio.sleep(0.5)
    for viewer in watching:
        viewer.count()
        viewer.ages.clear()
    cpu, wall = tree_cpu_seconds(pid), time.monotonic()
    await asyncio.sleep(seconds)
    cpu, wall = tree_cpu_seconds(pid) - cpu, time.monotonic() - wall
    ages = sorted(watching[0].ages)
    rates = [viewer.count() / wall for viewer in watching]
    return {
        "core": cpu / wall,
        "slowest": min(rates),
        "p50": ages[len(ages) // 2],
        "p95": ages[int(len(ages) * 0.95)],
        "lost": any(viewer.lost for viewer in watching),
    }


def main() -> None:
    """Print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid", type=int, required=True, help="of the server")
    parser.add_argument("--path", required=True)
    parser.add_argument("--viewers", type=int, required=True)
    parser.add_argument("--stalled", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = vars(parser.parse_args())
    print(json.dumps(asyncio.run(run(chosen.pop("port"), chosen.pop("pid"), chosen.pop("path"), **chosen))))


if __name__ == "__main__":
    main()
