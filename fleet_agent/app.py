"""Builds the fleet agent from its parts and runs it; the only place that constructs."""

import asyncio

import structlog
from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import Metrics, Route, application, listen
from backbone.wire.from_fleet_agent import Done, Node, Refused
from fleet_agent.allow_list_file import read_allow_list
from fleet_agent.device_folder import DeviceFolder
from fleet_agent.engine import Engine
from fleet_agent.handlers_orchestrator import CommandHandler
from fleet_agent.machine import this_machine
from fleet_agent.metrics import AgentMetrics
from fleet_agent.node_watch import NodeWatch
from fleet_agent.orchestrator_client import OrchestratorClient
from fleet_agent.settings import Settings


class FleetAgent:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        metrics = AgentMetrics(self.registry)
        allow_list = read_allow_list(settings.allow_list, node=settings.node_id)
        self.engine = Engine(settings.engine_url, node=settings.node_id)
        self.watch = NodeWatch(
            settings.node_id,
            allow_list=allow_list,
            engine=self.engine,
            machine=this_machine(),
            folder=DeviceFolder(settings.devices_dir),
            metrics=metrics,
            tell=self._tell,
        )
        self.commands = CommandHandler(
            allow_list=allow_list,
            engine=self.engine,
            metrics=metrics,
            devices=self.watch.devices,
            answer=self._answer,
            after=self.watch.look,
        )
        self.client = OrchestratorClient(
            settings.orchestrator_url,
            token=settings.jwt.get_secret_value() if settings.jwt is not None else None,
            node=self.watch.node,
            take=self.commands.take,
            metrics=metrics,
        )

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        return health.routes(self._readiness(), self.registry)

    async def serve(self, stop: asyncio.Event) -> None:
        """Obey the orchestrator until `stop` is set; the containers go on without the agent."""
        app = application(self.routes(), guard=self.settings.guard(), metrics=Metrics(self.registry))
        server, port = listen(app, host=self.settings.host, port=self.settings.port, tls=self.settings.tls())
        structlog.get_logger().info("listening", host=self.settings.host, port=port)
        async with asyncio.TaskGroup() as group:
            parts = (self.watch.run(), self.commands.run(), self.client.run())
            tasks = [group.create_task(part) for part in parts]
            await stop.wait()
            for task in tasks:
                task.cancel()
        server.stop()
        await server.close_all_connections()
        self.engine.close()

    def _tell(self, node: Node) -> None:
        self.client.tell(node)

    def _answer(self, answer: Done | Refused) -> None:
        self.client.answer(answer)

    def _readiness(self) -> Readiness:
        return {"engine": self.watch.engine_state, "orchestrator": self._orchestrator_state}

    def _orchestrator_state(self) -> Dependency:
        connected = self.client.connected
        return Dependency(ok=connected, detail="connected" if connected else self.client.last_error)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m fleet_agent")
    logs.configure(settings.log_level, role="fleet_agent")
    service.run(lambda stop: FleetAgent(settings).serve(stop))
