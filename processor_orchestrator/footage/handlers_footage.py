"""`POST /api/footage`: old videos and cards that are to be looked through. Decides nothing."""

import time

from backbone.web import BaseHandler
from backbone.wire import strict_json
from processor_orchestrator.footage.desk import FootageDesk
from processor_orchestrator.footage.form import read_form
from processor_orchestrator.tracking.switchboard import Switchboard

MAX_BYTES = 16 * 1024
ACCEPTED = 202


class FootageHandler(BaseHandler):
    """Footage that lies where the workers can read it."""

    def initialize(self, desk: FootageDesk, switchboard: Switchboard) -> None:
        """Take the collaborators."""
        self._desk = desk
        self._switchboard = switchboard

    async def post(self) -> None:
        """Have it looked through: path, camera, beganAt, everySeconds as JSON; answer the jobs' ids."""
        self._switchboard.require_loaded()
        form = read_form(strict_json.loads(self.request.body, max_bytes=MAX_BYTES), now=time.time())
        ids = await self._desk.look_through(form)
        self.set_status(ACCEPTED)
        self.write_json({"jobs": ids, "camera": form.camera})
