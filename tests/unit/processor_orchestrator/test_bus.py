"""The bus: who did something says so once, and never knows who listens."""

import asyncio
from dataclasses import dataclass

from processor_orchestrator.bus import EventBus, Inbox, Origin


@dataclass(frozen=True)
class Happened:
    number: int


@dataclass(frozen=True)
class Else:
    number: int


def test_each_subscriber_of_a_type_hears_it_in_the_order_of_subscription():
    bus, heard = EventBus(), []
    bus.subscribe(Happened, lambda event: heard.append(("first", event.number)))
    bus.subscribe(Happened, lambda event: heard.append(("second", event.number)))
    bus.subscribe(Else, lambda event: heard.append(("other", event.number)))
    bus.publish(Happened(1))
    assert heard == [("first", 1), ("second", 1)]


def test_without_subscribers_nothing_happens():
    EventBus().publish(Happened(1))


def test_a_subscriber_may_hear_what_happened_here_or_elsewhere_only():
    bus, here, elsewhere, both = EventBus(), [], [], []
    bus.subscribe(Happened, here.append, origin=Origin.HERE)
    bus.subscribe(Happened, elsewhere.append, origin=Origin.ELSEWHERE)
    bus.subscribe(Happened, both.append)
    bus.publish(Happened(1))
    bus.publish(Happened(2), origin=Origin.ELSEWHERE)
    assert (here, elsewhere, both) == ([Happened(1)], [Happened(2)], [Happened(1), Happened(2)])


def test_a_handler_that_fails_harms_neither_publisher_nor_the_others():
    bus, heard = EventBus(), []

    def fail(_event):
        raise RuntimeError("broken")

    bus.subscribe(Happened, fail)
    bus.subscribe(Happened, heard.append)
    bus.publish(Happened(1))
    assert heard == [Happened(1)]


async def test_an_inbox_gives_events_in_order_and_waits_for_the_next():
    inbox = Inbox(most=10)
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.put(1)
    assert await waiting == 1
    inbox.put(2)
    inbox.put(3)
    assert (await inbox.take_all(), len(inbox)) == ([2, 3], 0)


async def test_an_inbox_drops_the_oldest_and_counts_it():
    inbox = Inbox(most=2)
    for number in range(5):
        inbox.put(number)
    assert (await inbox.take_all(), inbox.dropped) == ([3, 4], 3)
