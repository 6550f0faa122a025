"""Which machines there are and how they are, as their agents told. Sends nothing, reads no clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NewType

from backbone.errors import BadInput, Conflict, NotAllowed, NotFound, SearchlightError, Unavailable
from backbone.wire.fleet_values import ContainerView
from backbone.wire.from_fleet_agent import Node, Refused

AgentId = NewType("AgentId", int)
"""One open WebSocket of an agent; an agent that reconnects gets another."""

MAX_NODES = 500
"""Nodes that are remembered, offline ones included."""

_ERRORS: dict[str, type[SearchlightError]] = {
    "bad_input": BadInput,
    "no_device": BadInput,
    "not_listed": NotAllowed,
    "unknown_container": NotFound,
    "conflict": Conflict,
    "device_taken": Conflict,
}


@dataclass(frozen=True, slots=True)
class KnownNode:
    """A node that is or was connected.

    Attributes:
        told: what its agent said last.
        containers: the newest that is known, from there or from an answer.
        agent: None while it is offline.
        subject: whom the agent's token speaks for; None without authentication.
        since: when it came into this state, seconds since the epoch.
    """

    told: Node
    containers: Sequence[ContainerView]
    agent: AgentId | None
    subject: str | None
    since: float


class Nodes:
    """The machines of the fleet."""

    def __init__(self) -> None:
        self._nodes: dict[str, KnownNode] = {}
        self._node_of: dict[AgentId, str] = {}

    def told(self, agent: AgentId, node: Node, subject: str | None, *, now: float) -> AgentId | None:
        """Take up what an agent says of its node and return the agent that spoke for it until now, if it was another.

        The newest socket of one subject wins, so that an agent behind a half-open connection can come back.

        Raises:
            Conflict: another subject's agent speaks for the node, or this agent for another node.
            Unavailable: too many nodes are known.
        """
        node_id, known = node.node_id, self._nodes.get(node.node_id)
        if self._node_of.get(agent, node_id) != node_id:
            raise Conflict("nodeId: expected one node for each agent, got another than before")
        if known is not None and known.agent not in (None, agent) and known.subject != subject:
            raise Conflict("nodeId: expected a node that nobody else speaks for, got one that is taken")
        if known is None and len(self._nodes) >= MAX_NODES:
            self._forget_longest_offline()
        if known is not None and known.agent == agent:
            self._nodes[node_id] = replace(known, told=node, containers=node.containers)
            return None
        replaced = known.agent if known is not None else None
        if replaced is not None:
            del self._node_of[replaced]
        self._nodes[node_id] = KnownNode(node, node.containers, agent, subject, now)
        self._node_of[agent] = node_id
        return replaced

    def left(self, agent: AgentId, *, now: float) -> str | None:
        """Note that an agent's socket closed; returns its node, or None when it spoke for none (any more)."""
        node_id = self._node_of.pop(agent, None)
        if node_id is not None:
            self._nodes[node_id] = replace(self._nodes[node_id], agent=None, since=now)
        return node_id

    def node_of(self, agent: AgentId) -> str | None:
        """Return the node that an agent speaks for."""
        return self._node_of.get(agent)

    def agent_of(self, node_id: str) -> AgentId:
        """Return who takes commands for a node.

        Raises:
            NotFound: no agent ever spoke for it.
            Unavailable: its agent is not connected now.
        """
        known = self._nodes.get(node_id)
        if known is None:
            raise NotFound(f"nodeId: expected a known node, got {node_id[:64]!r}", code="unknown_node")
        if known.agent is None:
            raise Unavailable(f"nodeId: expected a connected node, got {node_id!r}", code="node_offline")
        return known.agent

    def online(self) -> int:
        """Return how many nodes are connected."""
        return len(self._node_of)

    def known(self) -> list[KnownNode]:
        """Return every known node, by name."""
        return [known for _, known in sorted(self._nodes.items())]

    def now_runs(self, agent: AgentId, containers: Sequence[ContainerView]) -> None:
        """Take up what an answer told of a node's containers, until the agent says more."""
        node_id = self._node_of.get(agent)
        if node_id is not None:
            self._nodes[node_id] = replace(self._nodes[node_id], containers=containers)

    def _forget_longest_offline(self) -> None:
        offline = [(known.since, node_id) for node_id, known in self._nodes.items() if known.agent is None]
        if not offline:
            raise Unavailable(f"expected at most {MAX_NODES} nodes, got one more")
        del self._nodes[min(offline)[1]]


def refusal(answer: Refused) -> SearchlightError:
    """Return the error that an agent's refusal is to the one who asked; an unknown code counts as a failed node."""
    return _ERRORS.get(answer.code, Unavailable)(answer.message, code=answer.code[:64])
