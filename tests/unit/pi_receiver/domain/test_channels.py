"""One-time channels: whose they are and when they end."""

import pytest

from backbone.errors import Unavailable
from pi_receiver.domain.channels import Channels
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.refusals import Unlisted

MINE, THEIRS = Identity("mine", "1"), Identity("theirs", "2")


@pytest.fixture
def channels():
    made = Channels(most=3, most_of_one=2, seconds=60)
    made.open("a", MINE, 0.0)
    return made


def test_a_channel_serves_its_owner_only(channels):
    channels.enter("a", MINE, 1.0)
    for letters, caller in (("a", THEIRS), ("b", MINE), ("a", Identity("mine", "2"))):
        with pytest.raises(Unlisted):
            channels.enter(letters, caller, 1.0)


def test_an_unused_channel_expires(channels):
    assert channels.knows("a", 59.9)
    with pytest.raises(Unlisted):
        channels.enter("a", MINE, 60.0)


def test_each_file_gives_it_more_time(channels):
    channels.enter("a", MINE, 50.0)
    channels.leave("a", 100.0, last=False)
    assert channels.knows("a", 159.0)


def test_a_long_upload_keeps_it_open(channels):
    channels.enter("a", MINE, 1.0)
    channels.open("b", THEIRS, 10_000.0)
    assert channels.knows("a", 10_000.0)


def test_the_last_file_closes_it(channels):
    channels.enter("a", MINE, 1.0)
    channels.leave("a", 2.0, last=True)
    assert not channels.knows("a", 2.0)
    channels.leave("a", 2.0, last=True)


def test_one_too_many_of_one_pi_closes_its_oldest(channels):
    channels.open("b", MINE, 1.0)
    channels.open("c", MINE, 2.0)
    assert [channels.knows(letters, 2.0) for letters in "abc"] == [False, True, True]


def test_one_too_many_of_all_is_refused_until_others_expire(channels):
    channels.open("b", THEIRS, 0.0)
    channels.open("c", Identity("third", "3"), 0.0)
    with pytest.raises(Unavailable):
        channels.open("d", Identity("fourth", "4"), 1.0)
    channels.open("d", Identity("fourth", "4"), 61.0)
    assert len(channels) == 1
