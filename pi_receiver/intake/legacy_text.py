"""How legacy senders are answered: a bare code as plain text, whatever the HTTP status (WIRE section 3)."""

from collections.abc import Awaitable
from typing import Any

from backbone.errors import SearchlightError
from backbone.web.http import BaseHandler
from pi_receiver.domain.refusals import legacy_text


class LegacyText(BaseHandler):
    """Refusals as legacy senders read them; the sentence for people is in the header `Problem`."""

    def check_caller(self) -> None:
        """Let everybody ask: a Pi proves itself by its id, not by a token."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - Tornado's signature
        """Answer the bare code."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        text = str(status_code)
        if isinstance(error, SearchlightError):
            status_code, text = error.status, legacy_text(error)
            self.set_header("Problem", error.message.encode("ascii", "replace").decode()[:500])
        self.set_status(status_code, "Refused")
        self.write_text(text)

    def write_text(self, text: str) -> Awaitable[None]:
        """Answer plain text; wait for it to be sure that it left."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        return self.finish(text)
