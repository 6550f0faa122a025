"""The fleet agent's metrics for Prometheus. Counts only."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class AgentMetrics:
    """What a fleet agent counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connected = Gauge("fleet_agent_orchestrator_connected", "1 while connected", registry=registry)
        self.containers = Gauge(
            "fleet_agent_containers",
            "Containers that this agent started, by the engine's word",
            ["state"],
            registry=registry,
        )
        self.commands = Counter(
            "fleet_agent_commands", "Commands, by type and what came of them", ["type", "code"], registry=registry
        )
        self.resumed = Counter(
            "fleet_agent_resumed", "Containers started again after the engine was away", registry=registry
        )
        self.dropped_answers = Counter(
            "fleet_agent_dropped_answers",
            "Answers that could not be sent: the orchestrator was gone",
            registry=registry,
        )
