"""One worker process: prepared once, then jobs until SIGTERM. Started by the supervisor, by nobody else.

It is told on standard input what to do (see `spec`) and tells on standard output what it works on:
`{"ready": true}`, then `{"job": id, "deadline": seconds}` and `{"job": null}`. It computes on one thread: there is a
process for each core. It ends with its parent. What it loads depends on its queues: the engine only for pictures.
"""

import json
import os
import sys
from pathlib import Path

from backbone.die_with_parent import die_with_parent
from backbone.errors import Unavailable
from backbone.redis_settings import RedisKeys
from backbone.wire.offload import OFFLOAD, OffloadTask
from job_workers.offload.build_cache import BuildCache
from job_workers.offload.handlers import OffloadHandler
from job_workers.offload.programs import Programs
from job_workers.queues.results import ResultStore
from job_workers.queues.rq_worker import Run, connection, work
from job_workers.sandbox.sandbox import Sandbox
from job_workers.spec import WorkerSpec


def tell(**told: object) -> None:
    """Write one line to the parent."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work as told; arguments: this worker's name, its parent's process id, and which of its workers it is."""
    die_with_parent()
    line = sys.stdin.readline()
    if not line or os.getppid() != int(sys.argv[2]):
        return  # the parent is gone already
    spec = WorkerSpec.of_line(line)
    keys = RedisKeys(spec.redis_prefix)
    run, models = runner(spec, ResultStore(connection(spec.redis_url), keys), slot=int(sys.argv[3]))
    tell(ready=True, models=models)
    work(
        spec.redis_url,
        [keys.key(name) for name in spec.queues],
        name=sys.argv[1],
        run=run,
        tell=lambda job, deadline: tell(job=job, deadline=deadline),
    )


def runner(spec: WorkerSpec, store: ResultStore, *, slot: int) -> tuple[Run, tuple[str, ...]]:
    """Return what runs the tasks of the queues that are served, and the models that it has for pictures."""
    if OFFLOAD not in spec.queues:
        return _looks_at_pictures(spec, store)
    offload = _runs_code(spec, store, slot)
    if set(spec.queues) == {OFFLOAD}:
        return offload, ()
    look, models = _looks_at_pictures(spec, store)
    return lambda task, progress: (offload if isinstance(task, OffloadTask) else look)(task, progress), models


def _looks_at_pictures(spec: WorkerSpec, store: ResultStore) -> tuple[Run, tuple[str, ...]]:
    # Where foreign code is run, the engine and what it stands on are neither loaded nor installed.
    from job_workers.photos.engines import photo_searches  # noqa: PLC0415
    from job_workers.photos.handlers import TaskHandler  # noqa: PLC0415

    searches = photo_searches(spec.engine, spec.detector, smallest_face=spec.smallest_face)
    handler = TaskHandler(store, searches, longest_side=spec.longest_side, footage_folder=Path(spec.footage_folder))
    return handler.run, searches.models


def _runs_code(spec: WorkerSpec, store: ResultStore, slot: int) -> Run:
    cache = BuildCache(Path(spec.cache_folder), most_bytes=spec.cache_bytes)
    sandbox: Sandbox | str
    try:
        cache.prepare()
        sandbox = Sandbox.prepare(slot=slot, of=spec.processes)
    except Unavailable as fault:
        sandbox = fault.message
    except OSError as fault:
        sandbox = f"expected a cache folder that can be written, got: {fault}"
    programs = Programs(Path(spec.programs_folder))
    return OffloadHandler(store, sandbox, policy=spec.policy, cache=cache, programs=programs).run


if __name__ == "__main__":
    main()
