"""What a supervisor tells each of its worker processes: one line of JSON, which holds Redis' password. Starts none."""

from typing import Self

import msgspec

from job_workers.domain.sandbox_policy import Policy
from job_workers.settings import DetectorName, EngineName


class WorkerSpec(msgspec.Struct, frozen=True):
    """The settings of one worker process.

    Attributes:
        queues: those that it serves, the most urgent first.
        processes: workers of its supervisor, itself included.
        engine, detector: as `faces.chosen_engine` takes them.
        smallest_face, longest_side: pixels; no smallest face: each engine's own.
        cache_bytes: built programs take at most so much.
    """

    redis_url: str
    redis_prefix: str
    queues: tuple[str, ...]
    processes: int
    engine: EngineName | None
    detector: DetectorName | None
    smallest_face: float | None
    longest_side: int
    footage_folder: str
    programs_folder: str
    cache_folder: str
    cache_bytes: int
    policy: Policy

    def line(self) -> bytes:
        """Return what a worker reads."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Return what a supervisor wrote."""
        return msgspec.json.decode(line, type=cls)
