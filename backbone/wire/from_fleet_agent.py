"""What a fleet agent says to the orchestrator."""

from typing import Annotated

from msgspec import Meta

from backbone.wire import codec
from backbone.wire.fleet_values import Containers, KindView, NodeId, RequestId, ShortText
from backbone.wire.shared import Authenticate, Error
from backbone.wire.values import Message


class Node(Message, frozen=True, tag="node"):
    """This socket speaks for a machine, and this is its state; said on connecting and every few seconds.

    `load` is the mean number of running threads over a minute, to be compared with `cores`; `fault` says what is wrong
    at the node, and what is told of its containers may be out of date then.
    """

    node_id: NodeId
    architecture: ShortText
    cores: Annotated[int, Meta(ge=1, le=65_536)]
    memory_bytes: Annotated[int, Meta(ge=0)]
    load: Annotated[float, Meta(ge=0.0)]
    devices: Annotated[list[ShortText], Meta(max_length=64)]
    kinds: Annotated[list[KindView], Meta(max_length=64)]
    containers: Containers
    fault: ShortText | None = None


class Done(Message, frozen=True, tag="done"):
    """A command was carried out; these are the node's containers now."""

    request_id: RequestId
    containers: Containers


class Refused(Message, frozen=True, tag="refused"):
    """A command was refused or failed; the node is as it was before."""

    request_id: RequestId
    code: ShortText
    message: Annotated[str, Meta(max_length=4_000)]


FromFleetAgent = Node | Done | Refused | Authenticate | Error


def decode(raw: str | bytes) -> FromFleetAgent:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: FromFleetAgent = codec.decode(raw, FromFleetAgent)
    return message
