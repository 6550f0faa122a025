"""The orchestrator's metrics for Prometheus. Counts only."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class OrchestratorMetrics:
    """What the orchestrator counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.processors = Gauge("orchestrator_processors", "Connected processors", registry=registry)
        self.clients = Gauge("orchestrator_clients", "Connected clients", registry=registry)
        self.objects = Gauge("orchestrator_objects", "Objects that are sought", registry=registry)
        self.box_messages = Counter("orchestrator_box_messages", "boundingBoxes received", registry=registry)
        self.sightings_stored = Counter(
            "orchestrator_sightings_stored", "Sightings stored or renewed", registry=registry
        )
        self.store_failures = Counter("orchestrator_store_failures", "Writes that the store refused", registry=registry)
        self.dropped_timeline = Gauge(
            "orchestrator_dropped_timeline_entries",
            "Timeline entries dropped while the store was away",
            registry=registry,
        )
        self.dropped_sightings = Gauge(
            "orchestrator_dropped_sightings", "Sightings dropped while the store was away", registry=registry
        )
        self.stream_frames = Counter(
            "orchestrator_stream_frames", "JPEGs received from processors", ["camera"], registry=registry
        )
        self.stream_viewers = Gauge("orchestrator_stream_viewers", "Viewers of live pictures", registry=registry)
        self.matches = Counter(
            "orchestrator_matches", "Deliveries of cloudlets, by what came of them", ["outcome"], registry=registry
        )
        self.poison = Counter("orchestrator_poison_results", "Results of workers that were given up", registry=registry)
        self.passed_over = Counter(
            "orchestrator_passed_over",
            "Cases that workers did not look for, because their model does not know them, by source of the pictures",
            ["source"],
            registry=registry,
        )
        self.snap_clients = Gauge("orchestrator_snap_clients", "Connected clients of the snap relay", registry=registry)
        self.snap_texts = Counter("orchestrator_snap_texts", "Legacy texts that were relayed", registry=registry)
        self.snaps = Counter(
            "orchestrator_snaps", "What became of snaps, a device at a time", ["state"], registry=registry
        )
        self.snippets = Counter(
            "orchestrator_snippets", "Pictures of devices, by what came of them", ["outcome"], registry=registry
        )
        self.fleet_nodes = Gauge("orchestrator_fleet_nodes", "Connected fleet agents", registry=registry)
        self.fleet_commands = Counter(
            "orchestrator_fleet_commands",
            "Commands for nodes, by type and what came of them",
            ["type", "code"],
            registry=registry,
        )
