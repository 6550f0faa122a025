"""The receiver's metrics for Prometheus. Counts only."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class ReceiverMetrics:
    """What a receiver counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.files = Counter("pi_receiver_files", "Files received whole, by way", ["way"], registry=registry)
        self.bytes = Counter("pi_receiver_bytes", "Bytes of files received whole", registry=registry)
        self.uploads = Gauge("pi_receiver_uploads", "Uploads under way", registry=registry)
        self.channels = Gauge("pi_receiver_channels", "Open channels", registry=registry)
        self.unfinished = Gauge("pi_receiver_unfinished", "Resumable uploads that are not whole", registry=registry)
        self.broken_off = Counter("pi_receiver_broken_off", "Uploads that ended early", registry=registry)
        self.forwarded = Counter("pi_receiver_forwarded", "Pictures and videos handed on", ["kind"], registry=registry)
