"""`/`: the console page for browsers, the registry for whoever posts. Decides nothing."""

from typing import Any

from backbone.web.http import Route
from processor_orchestrator.console.handlers_page import PageFileHandler
from processor_orchestrator.registry.handlers import RegistryHandler


def routes(*, webpage: str, registry: dict[str, Any]) -> list[Route]:
    """Return the page's files, and `/`; `registry`: the collaborators of `RegistryHandler`. Any: by keyword."""
    page = {"path": webpage}
    front = {"page": page | {"default_filename": "index.html"}, "registry": registry}
    return [Route("/static/(.*)", PageFileHandler, page), Route("/()", FrontHandler, front)]


class FrontHandler(RegistryHandler, PageFileHandler):
    """The front door: legacy peers post to the same path where people look."""

    def initialize(self, page: dict[str, Any], registry: dict[str, Any]) -> None:  # type: ignore[override] # two handlers, one path
        """Take both handlers' collaborators. Any: passed on by keyword."""
        PageFileHandler.initialize(self, **page)
        RegistryHandler.initialize(self, **registry)

    def check_caller(self) -> None:
        """Ask whoever posts for a token; the page holds no data."""
        if self.request.method == "POST":
            super().check_caller()

    async def post(self, _path: str) -> None:
        """Carry out a request."""
        await self.answer()
