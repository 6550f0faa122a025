"""Orchestrators on one Redis hear each other's moments; installations with another prefix or database never do."""

import asyncio

import pytest

from backbone.wire.snap_values import Taken
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.cluster import moment_codec
from processor_orchestrator.cluster.link import ClusterLink
from processor_orchestrator.cluster.redis_channel import RedisChannel
from processor_orchestrator.domain.events import (
    BoxesSeen,
    PictureSent,
    PicturesWanted,
    SightingsStored,
    SnapSaid,
    SnapText,
)
from processor_orchestrator.domain.sighting import Sighting
from tests.fakes.waiting import until

SEEN = Sighting("1-5-ab", 1, "door", 5.0, 6.0, 2, (0.0, 0.0, 1.0, 1.0), distance=0.4)
EVENTS = [
    BoxesSeen(b'{"type":"boundingBoxes"}'),
    SightingsStored((SEEN,)),
    PicturesWanted("door", 10.0),
    PictureSent("a camera", b"\xff\xd8JPEG"),
    SnapSaid(SnapText(text="hello", snap_id=None)),
    SnapSaid(Taken(snap_id="1", device_id="a", sha256="ab" * 32)),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_moment_is_the_same_on_the_other_side(event):
    assert moment_codec.read(moment_codec.write(event)) == event


@pytest.mark.parametrize("raw", [b"", b"?", b"s{", b"d[1]"])
def test_what_is_no_moment_is_refused(raw):
    with pytest.raises(ValueError, match=r"xpected|JSON|malformed|Input"):
        moment_codec.read(raw)


class House:
    """One orchestrator's bus and link, with an ear for everything from elsewhere."""

    def __init__(self, name, url, **more):
        self.bus, self.heard = EventBus(), []
        self.channel = RedisChannel.from_url(url, **more)
        self.link = ClusterLink(instance=name * 32, channel=self.channel, bus=self.bus, loaded=lambda: True)
        self.link.others_are(frozenset({"another"}))
        for event_type in moment_codec.FORMS:
            self.bus.subscribe(event_type, self.heard.append, origin=Origin.ELSEWHERE)
        self.task = asyncio.create_task(self.link.run())

    async def leave(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.channel.aclose()


async def test_two_of_one_installation_hear_each_other_and_no_other_installation_hears_them(shared_redis):
    url = shared_redis.url
    houses = [
        House("a", f"{url}/0"),
        House("b", f"{url}/0"),
        House("c", f"{url}/1"),
        House("d", f"{url}/0", prefix="north:"),
    ]
    speaker, peer, *strangers = houses
    try:
        async with asyncio.timeout(40):
            while not peer.heard:
                speaker.bus.publish(BoxesSeen(b"{}"))
                await asyncio.sleep(0.05)
        for stranger in strangers:
            stranger.bus.publish(BoxesSeen(b'{"stranger":1}'))
        speaker.bus.publish(SightingsStored((SEEN,)))
        await until(lambda: SightingsStored((SEEN,)) in peer.heard)
        assert BoxesSeen(b'{"stranger":1}') not in peer.heard
        assert [stranger.heard for stranger in strangers] == [[], []]
        assert speaker.heard == [], "nobody hears what it said itself"
    finally:
        for house in houses:
            await house.leave()


async def test_while_nobody_else_is_alive_nothing_is_sent(shared_redis):
    alone, ear = House("e", f"{shared_redis.url}/0"), House("f", f"{shared_redis.url}/0")
    try:
        alone.link.others_are(frozenset())
        async with asyncio.timeout(40):
            while not alone.heard:  # both listen by now
                ear.bus.publish(PicturesWanted("x", 1.0))
                await asyncio.sleep(0.05)
        alone.bus.publish(BoxesSeen(b"{}"))
        await asyncio.sleep(0)
        assert len(alone.link._waiting) == 0
        assert BoxesSeen(b"{}") not in ear.heard
    finally:
        for house in (alone, ear):
            await house.leave()
