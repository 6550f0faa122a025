"""R6 with cloudlets: the primary killed 30 times during job pushes and match uploads, then both away for a minute.

Run: `python -m pytest -s tests/endurance/test_primary_kills.py`, about 6 minutes. A seed is drawn and printed.
"""

import random
import time
from pathlib import Path

from tests.conftest import RedisServer
from tests.e2e.primary_kills import House, run_kills

KILLS, AWAY_SECONDS = 30, 60.0
SEED: int | None = None


def test_thirty_killed_primaries_and_a_minute_without_any_lose_nothing(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    print(f"\nseed {seed}")  # noqa: T201 - whoever reads a failure needs it
    began, house = time.monotonic(), House(redis_server, tmp_path)
    try:
        history = run_kills(house, kills=KILLS, away=AWAY_SECONDS, seed=seed)
        print(  # noqa: T201 - the figure is the point
            f"{KILLS} kills ({history.pushes_hit} with pushes under way, {history.uploads_hit} with matches), both "
            f"away for {AWAY_SECONDS:g} s then, seed {seed}: {len(history.opened)} jobs opened, {len(history.closed)} "
            f"closed, {len(history.sent)} matches; 0 lost, 0 doubled; {time.monotonic() - began:.0f} s"
        )
        assert history.pushes_hit > 0
        assert history.uploads_hit > 0
    finally:
        house.close()
