"""One worker process: the engine loaded once, then jobs until SIGTERM. Started by the supervisor, by nobody else.

It is told on standard input what to do (see `app.spec_of`) and tells on standard output what it works on:
`{"ready": true}`, then `{"job": id, "deadline": seconds}` and `{"job": null}`. It computes on one thread: there is a
process for each core. It ends with its parent.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from faces import load_engine
from job_workers.handlers_task import TaskHandler
from job_workers.photo_search import PhotoSearch
from job_workers.results import ResultStore
from job_workers.rq_worker import connection, work

_PR_SET_PDEATHSIG = 1  # prctl(2)


def tell(**told: object) -> None:
    """Write one line to the parent."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work as told; arguments: this worker's name and its parent's process id."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    spec = json.loads(sys.stdin.readline() or "null")
    if spec is None or os.getppid() != int(sys.argv[2]):
        return  # the parent is gone already
    handler = TaskHandler(
        ResultStore(connection(spec["redis_url"])),
        PhotoSearch(load_engine(spec["detector"]), smallest_face=spec["smallest_face"]),
        longest_side=spec["longest_side"],
        footage_folder=Path(spec["footage_folder"]),
    )
    tell(ready=True)
    work(
        spec["redis_url"],
        spec["queues"],
        name=sys.argv[1],
        run=handler.run,
        tell=lambda job, deadline: tell(job=job, deadline=deadline),
    )


if __name__ == "__main__":
    main()
