"""All turns are done on one thread, which is not the event loop's."""

import threading

import pytest

from camera_processor.analyst import Turn, Wanted
from camera_processor.analyst_thread import AnalystThread
from camera_processor.domain.commands import Forget


class Analyst:
    """Remembers the thread of each call."""

    def __init__(self):
        self.threads = [threading.get_ident()]
        self.asked = []

    def turn(self, frame, commands, wanted):
        self.threads.append(threading.get_ident())
        self.asked.append((frame, commands, wanted))
        return Turn(identified=len(self.asked))


async def test_the_models_are_loaded_and_used_on_one_thread_of_their_own():
    made = []
    thread = AnalystThread(lambda: made.append(Analyst()) or made[-1])
    assert not made, "nothing is loaded before the start"
    await thread.start()
    turns = [await thread.turn(None, [Forget(number)], Wanted()) for number in range(3)]
    await thread.stop()
    (analyst,) = made
    assert [turn.identified for turn in turns] == [1, 2, 3]
    assert analyst.asked == [(None, [Forget(number)], Wanted()) for number in range(3)]
    assert len(set(analyst.threads)) == 1
    assert threading.get_ident() not in analyst.threads


async def test_models_that_cannot_be_loaded_end_the_start():
    def fail():
        raise OSError("no such model")

    thread = AnalystThread(fail)
    with pytest.raises(OSError, match="no such model"):
        await thread.start()
    await thread.stop()


async def test_there_is_no_turn_before_the_models_are_loaded():
    thread = AnalystThread(Analyst)
    with pytest.raises(RuntimeError, match="expected a turn after"):
        await thread.turn(None, [], Wanted())


async def test_after_the_stop_no_turn_begins():
    thread = AnalystThread(Analyst)
    await thread.start()
    await thread.stop()
    with pytest.raises(RuntimeError, match="after shutdown"):
        await thread.turn(None, [], Wanted())
