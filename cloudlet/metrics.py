"""The cloudlet's metrics for Prometheus. Counts only."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class CloudletMetrics:
    """What a cloudlet counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.jobs = Gauge("cloudlet_jobs", "Jobs, by state", ["state"], registry=registry)
        self.batches = Gauge("cloudlet_batches", "Batches of photos that wait for their comparison", registry=registry)
        self.photos = Counter("cloudlet_photos", "Photos that phones sent", registry=registry)
        self.matches = Counter("cloudlet_matches", "Match zips, by what came of them", ["outcome"], registry=registry)
        self.results = Counter("cloudlet_results", "Results of the workers, by type", ["type"], registry=registry)
        self.lost_photos = Counter("cloudlet_lost_photos", "Photos that expired before their match", registry=registry)
        self.passed_over = Counter(
            "cloudlet_passed_over",
            "Jobs that workers did not look for, because their model does not know them",
            registry=registry,
        )
        self.spooled = Gauge("cloudlet_spooled_bytes", "Undelivered bytes", registry=registry)
        self.joined = Gauge("cloudlet_joined", "1 while a server has this cloudlet on its roster", registry=registry)
        self.switches = Counter("cloudlet_switches", "Changes to the other server", registry=registry)
