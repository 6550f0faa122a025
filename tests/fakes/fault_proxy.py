"""A bad link between one sender and one server: cut, reset, slow, half-open, doubled or flipped bytes, by seed."""

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

FAULTS = ("cut", "reset", "slow", "half-open", "doubled", "flipped")
SPARED_BYTES = 2_048
"""What a digest does not cover, the heads of a request and of its form, is never doubled or flipped."""
SLOW_BYTES_PER_SECOND = 1_000
SLOW_SECONDS = 1.5
PIECE = 4_096


class FaultProxy:
    """Forwards each connection to a server; some of them go wrong after some bytes.

    Args:
        port: of the server; asked for each connection, for a server that is started again may have another.
        share: of connections that go wrong.
    """

    def __init__(self, port: Callable[[], int], *, seed: int, share: float) -> None:
        self._server_port = port
        self._random = random.Random(seed)
        self._share = share
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.done: Counter[str] = Counter()

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._link(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._random.choice(FAULTS) if self._random.random() < self._share else ""
        # Either way: half of the broken links break on the answer.
        upwards = fault in {"doubled", "flipped", "slow"} or self._random.random() < 0.5
        after = self._random.randrange(SPARED_BYTES, 20_000) if upwards else self._random.randrange(0, 400)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._server_port())
        try:
            up = self._pump(reader, there_writer, fault if upwards else "", after)
            down = self._pump(there_reader, writer, "" if upwards else fault, after)
            await asyncio.gather(up, down)
        finally:
            there_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: str, after: int) -> None:
        passed = 0
        while data := await reader.read(PIECE):
            if fault and passed + len(data) > after:
                place = max(after - passed, 0)
                self.done[fault] += 1
                data = await self._break(writer, data, place, fault)
                fault = ""
            passed += len(data)
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()

    async def _break(self, writer: asyncio.StreamWriter, data: bytes, place: int, fault: str) -> bytes:
        """Do what goes wrong at a place of the data; return what is passed on afterwards."""
        if fault == "doubled":
            return data[: place + 1] + data[place:]
        if fault == "flipped":
            return data[:place] + bytes([data[place] ^ 0x20]) + data[place + 1 :]
        writer.write(data[:place])
        await writer.drain()
        if fault == "slow":
            for start in range(place, min(len(data), place + int(SLOW_SECONDS * SLOW_BYTES_PER_SECOND)), 100):
                writer.write(data[start : start + 100])
                await asyncio.sleep(100 / SLOW_BYTES_PER_SECOND)
            return data[place + int(SLOW_SECONDS * SLOW_BYTES_PER_SECOND) :]
        if fault == "half-open":
            await asyncio.Event().wait()
        if fault == "reset":
            plug: socket.socket = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionResetError(fault)


@contextmanager
def fault_proxy(port: Callable[[], int], *, seed: int, share: float) -> Iterator[FaultProxy]:
    """Run a proxy on a thread of its own for the length of a `with` block."""
    proxy, started = FaultProxy(port, seed=seed, share=share), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(started, stop),), daemon=True)
    thread.start()
    assert started.wait(10)
    yield proxy
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=40)
    assert not thread.is_alive()
    loop.close()
