"""R3: 1,000 match jobs while 20 workers and Redis, 3 times, are killed with -9; about 4 minutes.

Run: `python -m pytest -s tests/endurance/test_jobs_under_fire.py`. A seed is drawn and printed.
"""

import random

from drill.footage import make_footage
from faces import load_engine
from tests.e2e.conftest import DATA_DIR
from tests.jobs_under_fire import RECOVERED_SECONDS, Fire
from tests.processes import role, wait_until

JOBS, WORKER_KILLS, REDIS_KILLS = 1_000, 20, 3
SEED: int | None = None


async def test_every_job_ends_and_each_result_comes_once(redis_server):
    seed = random.SystemRandom().getrandbits(32) if SEED is None else SEED
    photo = make_footage(DATA_DIR).case_photo
    arguments = ("--redis-url", redis_server.url, "--port", "0", "--processes", "2", "--detector", "hog")
    with role("job_workers", *arguments) as workers:
        wait_until(lambda: len(workers.events("worker_ready")) == 2, "both workers")
        fire = Fire(redis_server, workers, seed=seed, longest=1_500)
        took = await fire.run(
            jobs=JOBS,
            photo=photo,
            model_id=load_engine("hog").model_id,
            worker_kills=WORKER_KILLS,
            redis_kills=REDIS_KILLS,
        )
    doubled = sum(count > 1 for count in fire.results.values())
    print(  # noqa: T201 - the figure
        f"\n{JOBS} jobs, {WORKER_KILLS} worker kills, {REDIS_KILLS} Redis kills, seed {seed}: {took:.0f} s; "
        f"{len(fire.results)} ended, {doubled} doubled, {len(fire.failed)} given up; "
        f"longest pause after a kill {max(fire.recovered):.1f} s"
    )
    assert len(fire.results) == JOBS
    assert doubled == 0
    assert fire.failed == []
    assert max(fire.recovered) < RECOVERED_SECONDS
