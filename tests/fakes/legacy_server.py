"""A server as the legacy ones are: answers 200 to cloudlets and keeps what they bring; can be stopped and come back."""

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tornado.httputil import parse_body_arguments

from tests.processes import free_port


class LegacyServer:
    """`said`: request types in order; `matches`: (job, files by name) in order; `answers`: other statuses by type."""

    def __init__(self) -> None:
        self.port = free_port()
        self.said: list[tuple[str, dict[str, str]]] = []
        self.matches: list[tuple[str, dict[str, bytes]]] = []
        self.answers: dict[str, int] = {}

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    def types(self) -> list[str]:
        return [kind for kind, _ in self.said]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(server._take(self.headers["Content-Type"], body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler

    def _take(self, kind: str, body: bytes) -> int:
        arguments: dict[str, Any] = {}
        files: dict[str, Any] = {}
        parse_body_arguments(kind, body, arguments, files)
        assert not arguments, "every field comes as a file part"
        texts = {name: parts[0]["body"].decode() for name, parts in files.items() if name != "zip"}
        status = self.answers.get(texts["requestType"], 200)
        self.said.append((texts.pop("requestType"), texts))
        if "zip" in files and status == 200:
            with zipfile.ZipFile(io.BytesIO(files["zip"][0]["body"])) as archive:
                content = {name: archive.read(name) for name in archive.namelist()}
            self.matches.append((files["zip"][0]["filename"].removesuffix(".zip"), content))
        return status


@contextmanager
def legacy_server() -> Iterator[LegacyServer]:
    server = LegacyServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
