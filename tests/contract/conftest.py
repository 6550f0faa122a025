"""Real orchestrators that many tests share, and one inside the test's own process whose parts can be reached."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from backbone.web.http import Metrics, application, listen
from processor_orchestrator.app import Orchestrator
from processor_orchestrator.settings import Settings
from tests.contract.tokens import key
from tests.processes import Role, role

LISTED = "https://console.example"


@pytest.fixture(scope="session")
def house() -> Iterator[Role]:
    """An orchestrator without authentication."""
    with role("processor_orchestrator", "--port", "0", environment={"ALLOWED_ORIGINS": LISTED}) as running:
        running.wait_for_event("loaded")
        yield running


@pytest.fixture(scope="session")
def closed_house(tmp_path_factory) -> Iterator[Role]:
    """An orchestrator that asks for tokens."""
    file = tmp_path_factory.mktemp("keys") / "public.pem"
    file.write_text(key("ES256").public)
    environment = {"PUBLIC_KEY_FILE": str(file), "ALLOWED_ORIGINS": LISTED}
    with role("processor_orchestrator", "--port", "0", environment=environment) as running:
        running.wait_for_event("loaded")
        yield running


class Within:
    """An orchestrator that is served by the test's own event loop."""

    def __init__(self, orchestrator: Orchestrator, port: int) -> None:
        self.orchestrator = orchestrator
        self.url = f"http://127.0.0.1:{port}"

    def refused(self, **labels: str) -> float:
        return self.orchestrator.registry.get_sample_value("searchlight_refused_total", labels) or 0.0


def within(*, ping_seconds: float = 10.0, **settings: object) -> AbstractAsyncContextManager[Within]:
    """Serve an orchestrator for the length of an `async with` block."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[Within]:
        orchestrator = Orchestrator(Settings(port=0, **settings))
        metrics = Metrics(orchestrator.registry)
        app = application(
            orchestrator.routes(), guard=orchestrator.settings.guard(), metrics=metrics, ping_seconds=ping_seconds
        )
        server, port = listen(app, host="127.0.0.1", port=0)
        await orchestrator.cases.load()
        yield Within(orchestrator, port)
        server.stop()
        await orchestrator.live.stop()
        await server.close_all_connections()

    return serving()
