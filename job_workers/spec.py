"""What a supervisor tells each of its worker processes: one line of JSON, which holds Redis' password. Starts none."""

from typing import Literal, Self

import msgspec

from job_workers.domain.sandbox_policy import Policy


class WorkerSpec(msgspec.Struct, frozen=True):
    """The settings of one worker process.

    Attributes:
        queues: those that it serves, the most urgent first.
        processes: workers of its supervisor, itself included.
        smallest_face, longest_side: pixels.
        cache_bytes: built programs take at most so much.
    """

    redis_url: str
    redis_prefix: str
    queues: tuple[str, ...]
    processes: int
    detector: Literal["cnn", "hog", "auto"]
    smallest_face: float
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
