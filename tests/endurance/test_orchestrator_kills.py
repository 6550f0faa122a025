"""R6 of the safety table: an orchestrator killed 30 times under load."""

from tests.conftest import RedisServer
from tests.e2e.kills import run_kills
from tests.e2e.test_two_orchestrators import Pair

KILLS, SEED = 30, 5


async def test_thirty_kills_lose_nothing_and_double_nothing(redis_server: RedisServer) -> None:
    made = Pair(redis_server)
    try:
        made.meet()
        history = await run_kills(made.roles, list(made.ports), made.started, kills=KILLS, seed=SEED)
        print(f"seed {SEED}: {len(history.known)} opened, slowest recovery {max(history.recoveries):.2f} s")  # noqa: T201 - the figure is the point
        assert history.known
    finally:
        for running in made.roles:
            running.terminate()
