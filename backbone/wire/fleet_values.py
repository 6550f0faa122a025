"""Values that both directions of the fleet conversation share. Not the messages themselves."""

from typing import Annotated

from msgspec import Meta

from backbone.wire.values import Message

# \Z and not $, which lets a line break at the end pass.
NODE_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z"
NAME_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z"

NodeId = Annotated[str, Meta(pattern=NODE_PATTERN)]
"""A machine of the fleet, by the name that its agent was given."""

ContainerName = Annotated[str, Meta(pattern=NAME_PATTERN)]
"""A container's name within its node; never begins like an option."""

RequestId = Annotated[str, Meta(min_length=1, max_length=64)]
"""Joins an answer to its command; chosen by the orchestrator."""

ShortText = Annotated[str, Meta(max_length=500)]
Place = Annotated[str, Meta(min_length=1, max_length=2_000)]
"""A device such as /dev/video0, or a source such as rtsp://camera/1, as it was asked for."""


class KindView(Message, frozen=True):
    """A kind of container that a node's allow-list offers.

    `devices` are the ones that are plugged in now, `sources` the rules of the allow-list; with neither, the kind is
    started without one.
    """

    kind: ContainerName
    devices: Annotated[list[ShortText], Meta(max_length=64)]
    sources: Annotated[list[ShortText], Meta(max_length=64)]


class ContainerView(Message, frozen=True):
    """A container that a node's agent started; `state` is the engine's word, `since` seconds since the epoch.

    `source` is shown without its query, which may hold a secret.
    """

    name: ContainerName
    kind: ContainerName
    state: ShortText
    since: float
    device: ShortText | None = None
    source: ShortText | None = None


Containers = Annotated[list[ContainerView], Meta(max_length=256)]
"""All containers of one node's agent, by name."""
