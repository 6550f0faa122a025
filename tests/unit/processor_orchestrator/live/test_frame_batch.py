"""Boxes that are due to the same clients leave together, in order, and before anything waits."""

import asyncio

import pytest

from backbone.web.direct_write import text_frame
from processor_orchestrator.domain.camera import PeerId
from processor_orchestrator.live.frame_batch import MOST_BYTES, FrameBatch

ALL, ONE = (PeerId(1), PeerId(2)), (PeerId(2),)


@pytest.fixture
def sent():
    return []


@pytest.fixture
def batch(sent):
    return FrameBatch(lambda peers, payloads, framed: sent.append((peers, payloads, framed)))


async def test_what_comes_in_one_turn_leaves_as_one_write(batch, sent):
    batch.add(ALL, b"1")
    batch.add(ALL, b"2")
    assert sent == []
    await asyncio.sleep(0)
    assert sent == [(ALL, [b"1", b"2"], text_frame(b"1") + text_frame(b"2"))]


async def test_other_peers_get_their_own(batch, sent):
    batch.add(ALL, b"1")
    batch.add(ONE, b"2")
    await asyncio.sleep(0)
    assert [(peers, payloads) for peers, payloads, _ in sent] == [(ALL, [b"1"]), (ONE, [b"2"])]


async def test_the_next_turn_begins_anew(batch, sent):
    batch.add(ALL, b"1")
    await asyncio.sleep(0)
    batch.add(ALL, b"2")
    await asyncio.sleep(0)
    assert [payloads for _, payloads, _ in sent] == [[b"1"], [b"2"]]


async def test_a_flush_before_the_turns_end_sends_once(batch, sent):
    batch.add(ALL, b"1")
    batch.flush()
    await asyncio.sleep(0)
    assert [payloads for _, payloads, _ in sent] == [[b"1"]]


async def test_much_does_not_gather(batch, sent):
    batch.add(ALL, b"x" * MOST_BYTES)
    batch.add(ALL, b"y")
    assert [len(payloads) for _, payloads, _ in sent] == [2]
