"""How one container is to be run. Says nothing about who asked, and runs nothing."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """Everything that the engine needs to know; always read-only, without capabilities and new privileges.

    Attributes:
        name: within its node.
        user: numeric user, never 0.
        mounts: path in the container -> path on the node; all read-only.
        device: path of a device that is handed in for reading and writing, under the same path.
        device_group: numeric group that may open the device; None where it needs none.
        source: as it may be shown.
        seccomp_profile: JSON, with which it may make namespaces of its own; empty: the engine's own profile.
        memory_bytes: limit with swap included.
        tmpfs_bytes: size of /tmp, the only place that can be written to.
        cpus: how many cores it may use.
        restarts: how often the engine starts it again after a failure.
    """

    name: str
    kind: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: Mapping[str, str]
    network: str
    user: int
    memory_bytes: int
    tmpfs_bytes: int
    pids: int
    cpus: float
    restarts: int
    device: str | None = None
    device_group: int | None = None
    source: str | None = None
    seccomp_profile: str = ""

    @property
    def digest(self) -> str:
        """A text that differs when anything of the spec differs."""
        told = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()
