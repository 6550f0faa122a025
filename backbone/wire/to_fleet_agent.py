"""What the orchestrator says to a fleet agent."""

from backbone.wire import codec
from backbone.wire.fleet_values import ContainerName, Place, RequestId
from backbone.wire.shared import Error
from backbone.wire.values import Message


class StartContainer(Message, frozen=True, tag="startContainer"):
    """Start a container of a kind that the node's allow-list holds, on one of its devices or sources."""

    request_id: RequestId
    kind: ContainerName
    name: ContainerName
    device: Place | None = None
    source: Place | None = None


class StopContainer(Message, frozen=True, tag="stopContainer"):
    """End a container and remove it."""

    request_id: RequestId
    name: ContainerName


class ListContainers(Message, frozen=True, tag="listContainers"):
    """Ask the engine now; what `node` told is a few seconds old."""

    request_id: RequestId


Command = StartContainer | StopContainer | ListContainers
"""What is answered by `done` or `refused`."""

ToFleetAgent = StartContainer | StopContainer | ListContainers | Error


def decode(raw: str | bytes) -> ToFleetAgent:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: ToFleetAgent = codec.decode(raw, ToFleetAgent)
    return message
