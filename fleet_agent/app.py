"""Builds the fleet agent from its parts and runs it; the only place that constructs."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.lifecycle import Part, live
from backbone.settings import load
from backbone.web import health
from backbone.web.http import HttpServer, Metrics, application
from fleet_agent.allow_list_file import read_allow_list
from fleet_agent.container_engine import ContainerEngine
from fleet_agent.device_folder import DeviceFolder
from fleet_agent.handlers_orchestrator import CommandHandler
from fleet_agent.machine import this_machine
from fleet_agent.metrics import AgentMetrics
from fleet_agent.node_watch import NodeWatch
from fleet_agent.orchestrator_client import OrchestratorClient
from fleet_agent.outgoing_messages import OutgoingMessages
from fleet_agent.settings import Settings


def parts_of(settings: Settings) -> Sequence[Part]:
    """Return every part of the role, joined, in the order in which they start; the containers outlive them all."""
    registry = CollectorRegistry()
    metrics = AgentMetrics(registry)
    allow_list = read_allow_list(settings.allow_list, node=settings.node_id)
    container_engine = ContainerEngine(settings.engine_url, node=settings.node_id)
    outgoing = OutgoingMessages(metrics)
    watch = NodeWatch(
        settings.node_id,
        allow_list=allow_list,
        container_engine=container_engine,
        machine=this_machine(),
        folder=DeviceFolder(settings.devices_dir),
        metrics=metrics,
        tell=outgoing.tell,
    )
    commands = CommandHandler(
        allow_list=allow_list,
        container_engine=container_engine,
        metrics=metrics,
        devices=watch.devices,
        answer=outgoing.answer,
        after=watch.look,
    )
    client = OrchestratorClient(
        settings.orchestrator_url,
        token=settings.jwt.get_secret_value() if settings.jwt is not None else None,
        outgoing=outgoing,
        node=watch.node,
        take=commands.take,
        metrics=metrics,
    )
    routes = health.routes({"engine": watch.container_engine_state, "orchestrator": client.state}, registry)
    door = HttpServer(
        application(routes, guard=settings.guard(), metrics=Metrics(registry)),
        address=(settings.host, settings.port),
        tls=settings.tls(),
    )
    return [container_engine, door, watch, commands, client]


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m fleet_agent")
    logs.configure(settings.log_level, role="fleet_agent")
    service.run(lambda stop: live(parts_of(settings), stop))
