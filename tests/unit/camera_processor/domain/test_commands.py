"""Commands wait in order for the next moment between two frames, within a bound."""

from camera_processor.domain import commands
from camera_processor.domain.commands import CommandList, Forget


def test_commands_come_out_once_and_in_order() -> None:
    waiting = CommandList()
    for object_id in (1, 2, 3):
        waiting.add(Forget(object_id))
    assert waiting.drain() == [Forget(1), Forget(2), Forget(3)]
    assert waiting.drain() == []


def test_beyond_the_bound_the_oldest_go_and_are_counted(monkeypatch) -> None:
    monkeypatch.setattr(commands, "MAX_WAITING", 3)
    waiting = CommandList()
    for object_id in range(5):
        waiting.add(Forget(object_id))
    assert waiting.drain() == [Forget(2), Forget(3), Forget(4)]
    assert waiting.dropped == 2
