"""The gateway's metrics for Prometheus. Counts only."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class GatewayMetrics:
    """What a gateway counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "mqtt_gateway_requests",
            "Requests of devices, by form and what came of them",
            ["form", "outcome"],
            registry=registry,
        )
        self.answers = Counter(
            "mqtt_gateway_answers", "Answers that the broker took, by status", ["status"], registry=registry
        )
        self.dropped = Counter(
            "mqtt_gateway_dropped", "Messages that were not taken, by why", ["reason"], registry=registry
        )
        self.refused_by_broker = Counter(
            "mqtt_gateway_refused_by_broker", "Publications that the broker refused", ["reason"], registry=registry
        )
        self.connected = Gauge("mqtt_gateway_connected", "1 while the broker is there", registry=registry)
        self.connections = Counter("mqtt_gateway_connections", "Connections to the broker", registry=registry)
        self.waiting = Gauge("mqtt_gateway_waiting", "Requests that wait for their client's turn", registry=registry)
        self.running = Gauge("mqtt_gateway_open", "Requests whose answer is not delivered", registry=registry)
        self.events = Counter("mqtt_gateway_events", "Events that were published, by kind", ["kind"], registry=registry)
