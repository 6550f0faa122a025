"""R1 and R2 in short: uploads while the receiver ends itself, over a good link and a bad one; long in endurance."""

import random

import pytest

from tests.uploads_under_fire import Load, fire

SEED: int | None = None


SMALL, LARGE = Load(200), Load(40, sizes=(1_048_576, 2_500_000), piece=700_000)


@pytest.mark.parametrize(
    ("load", "kills", "bad_links"),
    [(SMALL, 10, 0), (SMALL, 10, 0.3), (LARGE, 4, 0)],
    ids=["good link", "bad link", "large files"],
)
def test_what_was_acknowledged_is_there_whole_and_once(tmp_path, load, kills, bad_links):
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    outcome = fire(tmp_path, load, kills=kills, seed=seed, bad_links=bad_links, longest=300)
    print(f"\nseed {seed}: {outcome}")  # noqa: T201 - the figure
    assert outcome.wrong == []
    assert len(outcome.acknowledged) >= load.uploads
    assert outcome.kills >= kills
