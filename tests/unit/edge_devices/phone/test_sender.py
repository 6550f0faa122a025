"""The visit of a phone, against cloudlets and servers that live in memory, on a clock that only pauses move."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_devices.phone.cloudlet_link import BatchRefused, CloudletAway
from edge_devices.phone.sender import NobodyTakes, Sender
from edge_devices.phone.server_link import Address, ServersAway
from edge_devices.phone.zip_batches import Batch

A, B = Address("10.0.0.1", 9000), Address("10.0.0.2", 9000)
BATCH = Batch("batch-1", (Path("a.jpg"),), b"zip")


class FakeCloudlet:
    def __init__(self, address: Address, world: "World") -> None:
        self.address, self.world = address, world

    def upload(self, batch: Batch, *, with_location: bool, told: Callable[[int], None]) -> dict[str, object]:
        told(len(batch.content))
        self.world.asked.append((self.address, batch.id, with_location))
        fault = self.world.faults.pop(0) if self.world.faults else None
        if fault:
            raise fault
        return {"batchId": "1"}

    def leave(self) -> bool:
        self.world.left.append(self.address)
        return True


class World:
    """Servers that name cloudlets in turn, and faults that uploads meet in turn."""

    def __init__(self, *named: Address | Exception | None, faults: list[Exception] | None = None) -> None:
        self.named, self.faults = list(named), faults or []
        self.asked: list[tuple[Address, str, bool]] = []
        self.left: list[Address] = []
        self.given_up: list[Address | None] = []
        self.notes: list[str] = []
        self.now = 0.0

    def join(self, gave_up: Address | None = None) -> Address | None:
        self.given_up.append(gave_up)
        answer = self.named.pop(0) if len(self.named) > 1 else self.named[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def note(self, text: str) -> None:
        self.notes.append(text)

    def uploading(self, batch: Batch, sent: int) -> None:
        assert sent <= len(batch.content)

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def sender(self, patience: float = 60, **more: bool) -> Sender:
        return Sender(
            self,
            lambda address: FakeCloudlet(address, self),
            self,
            patience=patience,
            now=lambda: self.now,
            pause=self.pause,
            **more,
        )


def test_joins_once_for_many_batches_and_leaves() -> None:
    world = World(A, B)
    sender = world.sender()
    sender.deliver(BATCH)
    sender.deliver(BATCH)
    sender.leave()
    assert [address for address, _, _ in world.asked] == [A, A]
    assert world.left == [A]


def test_a_dead_cloudlet_is_left_for_another_with_the_same_batch() -> None:
    world = World(A, B, faults=[CloudletAway("lost the connection")])
    sender = world.sender(with_location=True)
    sender.deliver(BATCH)
    sender.leave()
    assert world.asked == [(A, "batch-1", True), (B, "batch-1", True)]
    assert world.left == [B]
    assert world.given_up == [None, A]
    assert "asking for another" in world.notes[1]


def test_a_given_up_cloudlet_is_told_until_a_server_has_heard_it() -> None:
    world = World(A, ServersAway("all away"), None, B, faults=[CloudletAway("did not answer")])
    sender = world.sender()
    sender.deliver(BATCH)
    assert world.given_up == [None, A, A, None]


def test_waits_for_a_server_and_for_a_cloudlet_within_its_patience() -> None:
    world = World(ServersAway("http://a/: does not answer"), None, None, A)
    world.sender().deliver(BATCH)
    assert world.asked == [(A, "batch-1", False)]
    assert "no server answers" in world.notes[0]
    assert world.notes.count("the server knows no living cloudlet") == 1


@pytest.mark.parametrize("named", [None, ServersAway("all away")])
def test_patience_has_an_end(named: Exception | None) -> None:
    world = World(named)
    with pytest.raises(NobodyTakes):
        world.sender(patience=30).deliver(BATCH)
    assert world.now <= 30


def test_a_cloudlet_that_dies_again_and_again_ends_the_patience() -> None:
    world = World(A, faults=[CloudletAway("lost the connection") for _ in range(1000)])
    with pytest.raises(NobodyTakes, match="lost the connection"):
        world.sender(patience=30).deliver(BATCH)
    assert 5 < len(world.asked) < 20


def test_a_refused_batch_is_not_tried_again() -> None:
    world = World(A, faults=[BatchRefused("413 too large")])
    with pytest.raises(BatchRefused):
        world.sender().deliver(BATCH)
    assert len(world.asked) == 1
