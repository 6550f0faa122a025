"""What this machine is and how busy it is, as the kernel tells. Asks no engine."""

import os
import platform
from dataclasses import dataclass

# The names that images use; the kernel has its own.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that the agent runs on, whatever share of it the agent's own container has."""

    architecture: str
    cores: int
    memory_bytes: int

    def load(self) -> float:
        """Return the mean number of running threads over the last minute."""
        return os.getloadavg()[0]


def this_machine() -> Machine:
    """Return the machine that this process runs on."""
    told = platform.machine()
    return Machine(
        architecture=_ARCHITECTURES.get(told, told),
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
    )
