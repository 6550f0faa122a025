"""What foreign code may take. One value; enforces nothing itself."""

from dataclasses import dataclass, replace
from typing import Self

from backbone.errors import BadInput
from backbone.wire.offload import Limits

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """The bounds of one run of foreign code; building and running are one run each.

    Attributes:
        wall_seconds: after so long its whole tree is ended.
        cpu_seconds: of each process.
        memory_bytes: resident, of the whole tree; with `scratch_bytes` that is all that it can take.
        processes: processes and threads, at once.
        open_files: of each process.
        output_bytes: of stdout and of stderr, each; more ends the run.
        file_bytes: of each file that it writes.
        scratch_bytes: of its private folder, which lies in memory.
        scratch_files: how many files that may hold.
    """

    wall_seconds: float = 10.0
    cpu_seconds: float = 8.0
    memory_bytes: int = 512 * MIB
    processes: int = 32
    open_files: int = 64
    output_bytes: int = 256 * 1024
    file_bytes: int = 16 * MIB
    scratch_bytes: int = 64 * MIB
    scratch_files: int = 10_000

    @property
    def address_space(self) -> int:
        """Bytes that one process may map: stacks and arenas are mapped and hardly used, so more than it may take."""
        return 2 * self.memory_bytes + 256 * MIB

    def granted(self, asked: Limits) -> Self:
        """Return what a request gets: what it asks for, and never more than this.

        Raises:
            BadInput: it asks for nothing, or less.
        """
        wanted = {
            "wall_seconds": asked.wall_seconds,
            "cpu_seconds": asked.cpu_seconds,
            "memory_bytes": None if asked.memory_mb is None else asked.memory_mb * MIB,
            "output_bytes": asked.output_bytes,
        }
        for name, value in wanted.items():
            if value is not None and not value > 0:
                raise BadInput(f"expected a limit above 0 for {name}, got {value}", code="bad_limit")
        smaller = {name: min(value, getattr(self, name)) for name, value in wanted.items() if value is not None}
        return replace(self, **smaller)
