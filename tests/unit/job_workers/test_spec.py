"""What a supervisor writes is what its worker reads."""

from job_workers.domain.sandbox_policy import Policy
from job_workers.spec import WorkerSpec


def test_a_worker_is_told_on_one_line_what_its_supervisor_knows():
    spec = WorkerSpec(
        redis_url="redis://:secret@127.0.0.1",
        redis_prefix="north",
        queues=("match", "offload"),
        processes=2,
        engine="dlib",
        detector="hog",
        smallest_face=None,
        longest_side=2_000,
        footage_folder="/footage",
        programs_folder="/programs",
        cache_folder="/cache",
        cache_bytes=1 << 28,
        policy=Policy(wall_seconds=5, memory_bytes=1 << 26),
    )
    line = spec.line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert WorkerSpec.of_line(line.decode()) == spec
