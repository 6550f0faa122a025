"""The primary killed during job pushes and match uploads, then both away: a short run of tests/endurance's."""

import random
from pathlib import Path

from tests.conftest import RedisServer
from tests.e2e.primary_kills import House, run_kills

KILLS, AWAY_SECONDS = 3, 5.0


def test_killed_primaries_and_both_away_lose_no_job_and_no_match(redis_server: RedisServer, tmp_path: Path) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")  # noqa: T201 - whoever reads a failure needs it
    house = House(redis_server, tmp_path)
    try:
        history = run_kills(house, kills=KILLS, away=AWAY_SECONDS, seed=seed)
        assert len(history.sent) > KILLS * 9
        assert len(history.closed) > 0
    finally:
        house.close()
