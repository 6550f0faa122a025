"""What the orchestrator commands: one after the other, each answered. Decides nothing: list and inventory do."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backbone.errors import SearchlightError, Unavailable
from backbone.lifecycle import Part
from backbone.wire.codec import type_of
from backbone.wire.from_fleet_agent import Done, Refused
from backbone.wire.to_fleet_agent import Command, ListContainers, StartContainer, StopContainer
from fleet_agent.container_engine import ContainerEngine
from fleet_agent.domain.allow_list import AllowList
from fleet_agent.domain.inventory import Container, Step, named, step_to_start
from fleet_agent.metrics import AgentMetrics

MAX_WAITING = 16
COMMAND_SECONDS = 30.0
"""How long one command may take once its turn has come; the orchestrator waits a little longer."""

Answer = Callable[[Done | Refused], None]


class CommandHandler(Part):
    """Carries out commands in the order in which they came, so that the same one twice does its work once.

    Args:
        devices: tells what is plugged in, path -> numeric group.
        answer: sends an answer; it is lost when the orchestrator is gone.
        after: called after each command that may have changed something.
    """

    def __init__(
        self,
        *,
        allow_list: AllowList,
        container_engine: ContainerEngine,
        metrics: AgentMetrics,
        devices: Callable[[], dict[str, int]],
        answer: Answer,
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._allow_list = allow_list
        self._container_engine = container_engine
        self._metrics = metrics
        self._devices = devices
        self._answer = answer
        self._after = after
        self._waiting: asyncio.Queue[Command] = asyncio.Queue(MAX_WAITING)

    def take(self, command: Command) -> None:
        """Keep a command for its turn; one more than may wait is refused at once."""
        try:
            self._waiting.put_nowait(command)
        except asyncio.QueueFull:
            fault = Unavailable(f"expected at most {MAX_WAITING} commands to wait, got one more", code="busy")
            self._refuse(command, fault)

    async def run(self) -> None:
        """Carry out commands until cancelled."""
        while True:
            command = await self._waiting.get()
            try:
                there = await self._within_its_time(command)
            except SearchlightError as fault:
                self._refuse(command, fault)
            else:
                self._metrics.commands.labels(type_of(command), "done").inc()
                views = [container.view() for container in there]
                self._answer(Done(request_id=command.request_id, containers=views))
            if not isinstance(command, ListContainers):
                await self._after()

    async def _within_its_time(self, command: Command) -> list[Container]:
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return await self._carry_out(command)
        except TimeoutError:
            raise Unavailable(f"expected the engine to be done within {COMMAND_SECONDS:g} s, it was not") from None

    async def _carry_out(self, command: Command) -> list[Container]:
        there = await self._container_engine.containers()
        match command:
            case StartContainer():
                await self._start(command, there)
            case StopContainer(name=name):
                await self._container_engine.remove(named(name, there))
                structlog.get_logger().info("container_stopped", name=name)
            case ListContainers():
                return there
        return await self._container_engine.containers()

    async def _start(self, command: StartContainer, there: list[Container]) -> None:
        spec = self._allow_list.spec(command, self._devices())
        step = step_to_start(spec, there)
        match step:
            case Step.CREATE:
                await self._container_engine.create(spec)
            case Step.START_AGAIN:
                await self._container_engine.start_again(named(spec.name, there))
        structlog.get_logger().info("container_started", name=spec.name, kind=spec.kind, step=step.value)

    def _refuse(self, command: Command, fault: SearchlightError) -> None:
        structlog.get_logger().warning(
            "command_refused", command=type_of(command), code=fault.code, reason=fault.message
        )
        self._metrics.commands.labels(type_of(command), fault.code).inc()
        self._answer(Refused(request_id=command.request_id, code=fault.code, message=fault.message))
