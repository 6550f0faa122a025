"""R1 and R2: 2,000 uploads while the receiver ends itself 100 times, over a good link and a bad one; some minutes.

Run: `python -m pytest -s tests/endurance/test_uploads_under_fire.py`. A seed is drawn and printed.
"""

import random

import pytest

from tests.uploads_under_fire import fire

UPLOADS, KILLS = 2_000, 100
SEED: int | None = None


@pytest.mark.parametrize("bad_links", [0, 0.3], ids=["good link", "bad link"])
def test_what_was_acknowledged_is_there_whole_and_once(tmp_path, bad_links):
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    outcome = fire(tmp_path, uploads=UPLOADS, kills=KILLS, seed=seed, bad_links=bad_links, longest=3_000)
    print(f"\n{UPLOADS} uploads, seed {seed}: {outcome}")  # noqa: T201 - the figure
    assert outcome.wrong == []
    assert len(outcome.acknowledged) >= UPLOADS
    assert outcome.kills >= KILLS
