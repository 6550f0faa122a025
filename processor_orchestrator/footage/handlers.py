"""`POST /api/footage`: old videos and cards that are to be looked through. Decides nothing."""

import time

from backbone.web.http import BaseHandler, Route
from backbone.wire import strict_json
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.footage.form import read_form
from processor_orchestrator.footage.service import FootageService

MAX_BYTES = 16 * 1024
ACCEPTED = 202


def routes(*, footage: FootageService, cases: CaseService) -> list[Route]:
    """Return the path where footage is handed over."""
    return [Route("/api/footage", FootageHandler, {"footage": footage, "cases": cases})]


class FootageHandler(BaseHandler):
    """Footage that lies where the workers can read it."""

    def initialize(self, footage: FootageService, cases: CaseService) -> None:
        """Take the collaborators."""
        self._footage = footage
        self._cases = cases

    async def post(self) -> None:
        """Have it looked through: path, camera, beganAt, everySeconds as JSON; answer the jobs' ids."""
        self._cases.require_loaded()
        form = read_form(strict_json.loads(self.request.body, max_bytes=MAX_BYTES), now=time.time())
        ids = await self._footage.look_through(form)
        self.set_status(ACCEPTED)
        self.write_json({"jobs": ids, "camera": form.camera})
