"""What runs already, and what a command changes about it. Asks no engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from backbone.errors import Conflict, NotFound, Unavailable
from backbone.wire.fleet_values import ContainerView
from fleet_agent.domain.container_spec import ContainerSpec

MAX_CONTAINERS = 64
RUNNING = ("running", "restarting")


@dataclass(frozen=True, slots=True)
class Container:
    """A container that this node's agent made; `digest` is its spec's, `state` the engine's word."""

    container_id: str
    name: str
    kind: str
    digest: str
    state: str
    since: float
    device: str | None = None
    source: str | None = None

    @property
    def runs(self) -> bool:
        """Whether the engine keeps it going."""
        return self.state in RUNNING

    def view(self) -> ContainerView:
        """Return the container as others see it."""
        return ContainerView(
            name=self.name,
            kind=self.kind,
            state=self.state[:50],
            since=self.since,
            device=self.device,
            source=self.source,
        )


class Step(Enum):
    """What starting a container needs."""

    CREATE = "create"
    START_AGAIN = "start again"
    NOTHING = "nothing"


def step_to_start(spec: ContainerSpec, there: Sequence[Container]) -> Step:
    """Return what is to be done; the same spec under the same name is started once, however often it is asked for.

    Raises:
        Conflict: the name is taken by another spec, or the device by another container.
        Unavailable: the node runs as many as it may.
    """
    known = next((container for container in there if container.name == spec.name), None)
    if known is not None:
        if known.digest != spec.digest:
            raise Conflict(f"name: expected a free one, got {spec.name!r}, which runs as something else; stop it first")
        return Step.NOTHING if known.runs else Step.START_AGAIN
    holder = next((other.name for other in there if spec.device is not None and other.device == spec.device), None)
    if holder is not None:
        raise Conflict(f"device: expected a free one, got {spec.device}, which {holder!r} holds", code="device_taken")
    if len(there) >= MAX_CONTAINERS:
        raise Unavailable(f"expected at most {MAX_CONTAINERS} containers on a node, got one more")
    return Step.CREATE


def named(name: str, there: Sequence[Container]) -> Container:
    """Return the container of that name.

    Raises:
        NotFound: this agent started none of that name.
    """
    for container in there:
        if container.name == name:
            return container
    raise NotFound(f"name: expected a container that this node's agent started, got {name!r}", code="unknown_container")
