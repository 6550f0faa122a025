"""R4 in short: 500 requests while the gateway, twice, and the broker, once, are killed with -9."""

import random

from tests.requests_under_fire import Fire, check, report

REQUESTS, GATEWAY_KILLS, BROKER_KILLS = 500, 2, 1
SEED: int | None = None


def test_each_request_is_run_once_and_answered_to_its_own_device(redis_server, tmp_path):
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    fire = Fire(tmp_path, redis_server, seed=seed, longest=120)
    took = fire.run(requests=REQUESTS, gateway_kills=GATEWAY_KILLS, broker_kills=BROKER_KILLS)
    kills = f"{GATEWAY_KILLS} gateway kills, {BROKER_KILLS} broker kill"
    print(report(fire, requests=REQUESTS, kills=kills, seed=seed, took=took))  # noqa: T201 - the figure
    check(fire, REQUESTS)
