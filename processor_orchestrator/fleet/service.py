"""Between operators and agents: sends a command to a node and waits for its answer, within a bound. Decides nothing."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Protocol
from uuid import uuid4

import structlog

from backbone.errors import SearchlightError, Unavailable
from backbone.lifecycle import Part
from backbone.wire.codec import type_of
from backbone.wire.fleet_values import ContainerView
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.to_fleet_agent import Command
from backbone.wire.values import Message
from processor_orchestrator.domain.node import AgentId, Nodes, refusal
from processor_orchestrator.metrics import OrchestratorMetrics

ANSWER_SECONDS = 35.0
"""How long a command may take; the agent's own bound for one is 30."""

MAX_WAITING = 16
CLOSE_REPLACED = 4409


class NodeSilent(Unavailable):
    """The node took the command and did not answer in time; it may still carry it out."""

    code = "node_silent"
    status = 504


class Agent(Protocol):
    """A connected agent's socket, as far as the service needs it."""

    def send(self, message: Message) -> None:
        """Queue a message that must arrive."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Let the agent go."""


class FleetService(Part):
    """The fleet conversation of one orchestrator process.

    Args:
        now: wall clock, seconds since the epoch.
    """

    def __init__(self, *, metrics: OrchestratorMetrics, now: Callable[[], float] = time.time) -> None:
        self._metrics = metrics
        self._now = now
        self._agents: dict[AgentId, Agent] = {}
        self._agent_ids = itertools.count(1)
        self._waiting: dict[str, tuple[AgentId, asyncio.Future[list[ContainerView]]]] = {}
        self.nodes = Nodes()

    async def stop(self) -> None:
        """Tell every agent to come back; whoever waits for an answer is told that there will be none."""
        for agent_id, agent in list(self._agents.items()):
            agent.close(1001, "going away")
            self.agent_left(agent_id)

    # What agents say.

    def agent_connected(self, agent: Agent) -> AgentId:
        """Take in an agent that has not said which node it speaks for."""
        agent_id = AgentId(next(self._agent_ids))
        self._agents[agent_id] = agent
        return agent_id

    def agent_left(self, agent_id: AgentId) -> None:
        """Forget an agent's socket; whoever waits for its answers is told at once."""
        self._agents.pop(agent_id, None)
        node_id = self.nodes.left(agent_id, now=self._now())
        self._metrics.fleet_nodes.set(self.nodes.online())
        for asked, answer in self._waiting.values():
            if asked == agent_id and not answer.done():
                answer.set_exception(Unavailable("expected the node's answer, got the end of its connection"))
        if node_id is not None:
            structlog.get_logger().info("fleet_node_left", node=node_id)

    def node_told(self, agent_id: AgentId, node: Node, subject: str | None) -> None:
        """Take up how a node is; an older socket of the same node is closed.

        Raises:
            SearchlightError: the agent may not speak for it.
        """
        is_new = self.nodes.node_of(agent_id) is None
        replaced = self.nodes.told(agent_id, node, subject, now=self._now())
        if replaced is not None and replaced in self._agents:
            self._agents[replaced].close(CLOSE_REPLACED, "a newer connection speaks for this node")
        if is_new:
            self._metrics.fleet_nodes.set(self.nodes.online())
            structlog.get_logger().info("fleet_node_joined", node=node.node_id, architecture=node.architecture)

    def answered(self, agent_id: AgentId, answer: Done | Refused) -> None:
        """Hand an answer to the one who waits for it; one that comes too late is left alone."""
        asked, waiting = self._waiting.get(answer.request_id, (None, None))
        if waiting is None or asked != agent_id or waiting.done():
            return
        if isinstance(answer, Done):
            self.nodes.now_runs(agent_id, answer.containers)
            waiting.set_result(answer.containers)
        else:
            waiting.set_exception(refusal(answer))

    # What operators want.

    async def command(
        self, node_id: str, make: Callable[[str], Command], *, subject: str | None
    ) -> list[ContainerView]:
        """Have a node carry out a command and return its containers afterwards.

        Args:
            node_id: the node.
            make: makes the command from the id that its answer will carry.
            subject: who asked; None without authentication.

        Raises:
            SearchlightError: the node is unknown, offline or silent, or its agent refused.
        """
        command = make(uuid4().hex)
        code = "done"
        try:
            return await self._answer_to(node_id, command)
        except SearchlightError as fault:
            code = fault.code
            raise
        finally:
            self._metrics.fleet_commands.labels(type_of(command), code).inc()
            structlog.get_logger().info(
                "fleet_command",
                command=type_of(command),
                node=node_id,
                by=subject,
                outcome=code,
                name=getattr(command, "name", None),
                kind=getattr(command, "kind", None),
                device=getattr(command, "device", None),
                source=_shown(getattr(command, "source", None)),
            )

    async def _answer_to(self, node_id: str, command: Command) -> list[ContainerView]:
        agent_id = self.nodes.agent_of(node_id)
        if sum(asked == agent_id for asked, _ in self._waiting.values()) >= MAX_WAITING:
            raise Unavailable(f"expected at most {MAX_WAITING} commands to wait for a node, got one more", code="busy")
        answer: asyncio.Future[list[ContainerView]] = asyncio.get_running_loop().create_future()
        self._waiting[command.request_id] = (agent_id, answer)
        try:
            self._agents[agent_id].send(command)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            raise NodeSilent(f"expected the node's answer within {ANSWER_SECONDS:g} s, got none") from None
        finally:
            del self._waiting[command.request_id]


def _shown(source: str | None) -> str | None:
    """Return a source without what may be secret in it: login and query."""
    if source is None:
        return None
    login, at, rest = source.rpartition("@")
    scheme = login.partition("://")[0] if "://" in login else ""
    return f"{scheme}://***@{rest}".partition("?")[0][:200] if at else rest.partition("?")[0][:200]
