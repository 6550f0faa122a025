"""A socket that loses its server, finds another and says what waited: against real servers on loopback."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from backbone import steady_socket
from backbone.outbox import Outbox, PeerTooSlow
from backbone.steady_socket import Outgoing, SteadySocket

PATIENCE = 40.0


class Peer(WebSocketHandler):
    def initialize(self, house):
        self.house = house

    def open(self):
        self.house.sockets.append(self)

    def on_message(self, message):
        self.house.heard.append(message)


class House:
    """One server that can go away and come back."""

    def __init__(self):
        self.heard, self.sockets, self.port = [], [], None

    def start(self):
        listening, self.port = bind_unused_port(address="127.0.0.1")
        self.server = HTTPServer(Application([("/", Peer, {"house": self})]))
        self.server.add_socket(listening)

    def stop(self):
        self.server.stop()
        for socket in self.sockets:
            socket.close()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/"


@pytest.fixture
async def houses():
    both = [House(), House()]
    for house in both:
        house.start()
    yield both
    for house in both:
        house.stop()


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr(steady_socket, "EAGER_WAIT", 0.05)


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(socket):
    task = asyncio.create_task(socket.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def talk(outgoing):
    async def converse(connection):
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(outgoing.send_over(connection))
            while await connection.read_message() is not None:
                pass
            writer.cancel()

    return converse


async def test_when_its_server_goes_it_speaks_to_the_next_one(houses):
    outgoing = Outgoing(Outbox())
    socket = SteadySocket(",".join(house.url for house in houses), talk(outgoing), max_message_bytes=1000)
    async with running(socket):
        outgoing.put_command(b"one")
        await until(lambda: houses[0].heard == ["one"])
        houses[0].stop()
        await until(lambda: houses[1].sockets)
        outgoing.put_command(b"two")
        await until(lambda: houses[1].heard == ["two"])
    assert socket.last_error == "the server closed the connection"


async def test_what_was_said_while_nobody_heard_is_sent_in_order(houses):
    outgoing = Outgoing(Outbox(max_frames=1))
    outgoing.put_command(b"first")
    outgoing.put_frame(b"old")
    outgoing.put_frame(b"new")
    outgoing.put_command(b"last")
    async with running(SteadySocket(houses[0].url, talk(outgoing), max_message_bytes=1000)):
        await until(lambda: len(houses[0].heard) == 3)
    assert houses[0].heard == ["first", "new", "last"]
    assert len(outgoing) == 0


async def test_a_command_that_could_not_be_sent_is_kept_and_a_frame_is_not():
    class Closed:
        async def write_message(self, payload):
            raise WebSocketClosedError

    outgoing = Outgoing(Outbox())
    outgoing.put_frame(b"picture")
    await outgoing.send_over(Closed())
    assert len(outgoing) == 0
    outgoing.put_command(b"sighting")
    await outgoing.send_over(Closed())
    assert len(outgoing) == 1


async def test_what_waits_is_bounded_and_can_be_forgotten():
    outgoing = Outgoing(Outbox(max_commands=1))
    outgoing.put_command(b"one")
    with pytest.raises(PeerTooSlow):
        outgoing.put_command(b"two")
    outgoing.clear()
    assert len(outgoing) == 0


async def test_why_there_is_no_connection_is_told(houses):
    houses[0].stop()
    socket = SteadySocket(houses[0].url, talk(Outgoing(Outbox())), max_message_bytes=1000)
    async with running(socket):
        await until(lambda: "refused" in socket.last_error)


async def test_a_message_over_the_bound_ends_the_conversation_not_the_process(houses):
    socket = SteadySocket(houses[0].url, talk(Outgoing(Outbox())), max_message_bytes=1000)
    async with running(socket):
        await until(lambda: houses[0].sockets)
        await houses[0].sockets[0].write_message("x" * 1001)
        await until(lambda: len(houses[0].sockets) == 2)
