"""Asks engine, machine and devices every few seconds how they are, for `node` and `/readyz`. Takes no commands."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import structlog

from backbone.errors import SearchlightError
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from backbone.wire.from_fleet_agent import Node
from fleet_agent.container_engine import ContainerEngine
from fleet_agent.device_folder import DeviceFolder
from fleet_agent.domain.allow_list import AllowList
from fleet_agent.domain.inventory import Container
from fleet_agent.machine import Machine
from fleet_agent.metrics import AgentMetrics

WATCH_SECONDS = 5.0


class NodeWatch(Part):
    """The node as it was when it was asked last.

    Args:
        node: the node's name.
        tell: takes the node's state; called after every look, and whenever `look` is called.
    """

    def __init__(
        self,
        node: str,
        *,
        allow_list: AllowList,
        container_engine: ContainerEngine,
        machine: Machine,
        folder: DeviceFolder,
        metrics: AgentMetrics,
        tell: Callable[[Node], None],
    ) -> None:
        self._node = node
        self._allow_list = allow_list
        self._container_engine = container_engine
        self._machine = machine
        self._folder = folder
        self._metrics = metrics
        self._tell = tell
        self._containers: list[Container] = []
        self._fault: str | None = "not asked yet"

    def container_engine_state(self) -> Dependency:
        """Return whether the engine answered when it was asked last."""
        return Dependency(ok=self._fault is None, detail=self._fault or "answers")

    def devices(self) -> dict[str, int]:
        """Return what is plugged in now, path -> numeric group."""
        return self._folder.plugged_in(self._allow_list.device_rules())

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(WATCH_SECONDS)

    async def look(self) -> None:
        """Ask everything now and tell it."""
        try:
            there = await self._container_engine.containers()
            if self._fault is not None:
                there = await self._resume(there)
            self._note(there)
        except SearchlightError as fault:
            self._change_fault(fault.message)
        self._tell(self.node())

    def node(self) -> Node:
        """Return the node's state for the orchestrator."""
        devices = self.devices()
        return Node(
            node_id=self._node,
            architecture=self._machine.architecture,
            cores=self._machine.cores,
            memory_bytes=self._machine.memory_bytes,
            load=self._machine.load(),
            devices=sorted(devices),
            kinds=self._allow_list.offer(devices),
            containers=[container.view() for container in self._containers],
            fault=self._fault[:500] if self._fault is not None else None,
        )

    def _note(self, there: Sequence[Container]) -> None:
        self._containers = list(there)
        self._change_fault(None)
        self._metrics.containers.clear()
        for state, count in Counter(container.state for container in there).items():
            self._metrics.containers.labels(state).set(count)

    def _change_fault(self, fault: str | None) -> None:
        if (fault is None) != (self._fault is None):
            structlog.get_logger().info("engine_state", ok=fault is None, detail=fault or "answers")
        self._fault = fault

    async def _resume(self, there: Sequence[Container]) -> list[Container]:
        """Start once what the engine did not start again by itself: it does not after its own restart."""
        for container in there:
            if container.runs:
                continue
            try:
                await self._container_engine.start_again(container)
            except SearchlightError as fault:
                structlog.get_logger().warning("cannot_resume", name=container.name, reason=fault.message)
            else:
                self._metrics.resumed.inc()
                structlog.get_logger().info("resumed", name=container.name)
        return await self._container_engine.containers()
