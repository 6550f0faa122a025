"""How one run of foreign code ended. Runs none."""

from dataclasses import dataclass
from typing import Literal

Over = Literal["wall", "memory", "output"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        exit_code: None where a signal or the sandbox ended it.
        signal: number of the signal that ended the command, None for none.
        over: the bound that it was ended for.
        kept: tar of `WORK` where that was asked for and the command succeeded; foreign bytes.
    """

    exit_code: int | None
    signal: int | None
    over: Over | None
    stdout: bytes
    stderr: bytes
    kept: bytes | None
    wall_ms: float
    cpu_ms: float
    max_rss_kib: int
