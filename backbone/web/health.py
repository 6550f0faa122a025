"""`/healthz`, `/readyz`, `/metrics`: the truth about what is broken. Does not mend anything."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from backbone.web.http import Access, BaseHandler, Route


@dataclass(frozen=True, slots=True)
class Dependency:
    """The state of one thing that a role needs; `detail` says what is wrong, or a figure."""

    ok: bool
    detail: str


Readiness = dict[str, Callable[[], Dependency]]
"""A question for each dependency, answered from memory: asking must not wait."""


class HealthzHandler(BaseHandler):
    """Answers as long as the event loop turns; says nothing about dependencies, on purpose."""

    access: ClassVar[Access] = Access.OPEN

    def get(self) -> None:
        """Answer 200."""
        self.write_json({"status": "ok"})


class ReadyzHandler(BaseHandler):
    """Answers 200 when every dependency is there, else 503; both with the state of each."""

    access: ClassVar[Access] = Access.OPEN

    def initialize(self, readiness: Readiness) -> None:
        """Take the questions to ask."""
        self._readiness = readiness

    def get(self) -> None:
        """Answer the state of every dependency."""
        states = {name: ask() for name, ask in self._readiness.items()}
        ready = all(state.ok for state in states.values())
        self.set_status(200 if ready else 503)
        dependencies = {name: {"ok": state.ok, "detail": state.detail} for name, state in states.items()}
        self.write_json({"status": "ready" if ready else "not ready", "dependencies": dependencies})


class MetricsHandler(BaseHandler):
    """The metrics of one registry in Prometheus' text format."""

    access: ClassVar[Access] = Access.CLIENT

    def initialize(self, registry: CollectorRegistry) -> None:
        """Take the registry to print."""
        self._registry = registry

    def get(self) -> None:
        """Answer the metrics."""
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(generate_latest(self._registry))


def routes(readiness: Readiness, registry: CollectorRegistry) -> list[Route]:
    """Return the routes that every role has."""
    return [
        Route("/healthz", HealthzHandler),
        Route("/readyz", ReadyzHandler, {"readiness": readiness}),
        Route("/metrics", MetricsHandler, {"registry": registry}),
    ]
