"""R1 and R2 in short: uploads while the receiver ends itself, over a good link and a bad one; long in endurance."""

import random

import pytest

from tests.uploads_under_fire import fire

SEED: int | None = None


@pytest.mark.parametrize("bad_links", [0, 0.3], ids=["good link", "bad link"])
def test_what_was_acknowledged_is_there_whole_and_once(tmp_path, bad_links):
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    outcome = fire(tmp_path, uploads=200, kills=10, seed=seed, bad_links=bad_links, longest=300)
    print(f"\nseed {seed}: {outcome}")  # noqa: T201 - the figure
    assert outcome.wrong == []
    assert len(outcome.acknowledged) >= 200
    assert outcome.kills >= 10
