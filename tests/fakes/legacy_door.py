"""The HTTP door of a legacy server or cloudlet: forms whose every field is a file part. Decides nothing."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tornado.httputil import parse_body_arguments

Parts = dict[str, Any]
"""Field -> Tornado's list of its parts."""


class LegacyDoor:
    """Listens on loopback and answers each form with the status that `take` returns.

    Args:
        port: 0 takes a free one.
    """

    def __init__(self, take: Callable[[Parts], int], *, port: int = 0) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(take))
        self.port = int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=40)


def _handler(take: Callable[[Parts], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arguments: dict[str, Any] = {}
            files: Parts = {}
            parse_body_arguments(self.headers["Content-Type"], body, arguments, files)
            assert not arguments, "every field comes as a file part"
            self.send_response(take(files))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
