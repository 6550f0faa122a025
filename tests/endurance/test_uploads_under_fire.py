"""R1 and R2: 2,000 uploads while the receiver ends itself 100 times, over a good link and a bad one; some minutes.

Then the same with fewer files of some megabytes.

Run: `python -m pytest -s tests/endurance/test_uploads_under_fire.py`. A seed is drawn and printed.
"""

import random

import pytest

from tests.uploads_under_fire import Load, fire

LOADS = {
    "small files": (Load(2_000), 100),
    "large files": (Load(300, sizes=(1_048_575, 1_048_576, 3_000_000, 9_500_000), piece=2_500_000), 30),
}
SEED: int | None = None


@pytest.mark.parametrize("bad_links", [0, 0.3], ids=["good link", "bad link"])
@pytest.mark.parametrize("files", LOADS)
def test_what_was_acknowledged_is_there_whole_and_once(tmp_path, files, bad_links):
    load, kills = LOADS[files]
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    outcome = fire(tmp_path, load, kills=kills, seed=seed, bad_links=bad_links, longest=3_000)
    print(f"\n{load.uploads} {files}, seed {seed}: {outcome}")  # noqa: T201 - the figure
    assert outcome.wrong == []
    assert len(outcome.acknowledged) >= load.uploads
    assert outcome.kills >= kills
