"""What the job workers count."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class WorkerMetrics:
    """Metrics of one supervisor."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.ready = Gauge("job_workers_ready", "Workers that take jobs", registry=registry)
        self.jobs = Counter("job_workers_jobs_begun", "Jobs that a worker began", registry=registry)
        self.ended = Counter("job_workers_ended", "Workers that ended, for whatever reason", registry=registry)
