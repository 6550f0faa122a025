"""The console page and its files; the page asks for a token by itself where one is needed."""

from typing import ClassVar

from tornado.web import StaticFileHandler

from backbone.web.guard import Access
from backbone.web.http import BaseHandler


class PageFileHandler(StaticFileHandler, BaseHandler):
    """Files of `webpage/`, `index.html` at the root; they hold no data."""

    access: ClassVar[Access] = Access.OPEN

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - Tornado's signature
        """Let browsers keep the files but ask whether they changed."""
        self.set_header("Cache-Control", "no-cache")
