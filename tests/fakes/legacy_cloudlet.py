"""A cloudlet as the legacy ones are: plain HTTP, every field a file part, no manifest, no token."""

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from tornado.httputil import parse_body_arguments

TIMEOUT = 3.0


class LegacyCloudlet:
    """Keeps jobs as it gets them; `refuses` and `silent` make it misbehave."""

    def __init__(self, server: str, *, epoch: str | None = None) -> None:
        self.server = server
        self.epoch = epoch
        self.jobs: dict[str, dict[str, bytes]] = {}
        self.said: list[str] = []
        self.refuses: set[str] = set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def key(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, request_type: str, **parts: Any) -> requests.Response:
        """Post to the server, every field as a file part."""
        files = {"requestType": request_type, **parts}
        return requests.post(f"{self.server}/", files=files, timeout=TIMEOUT)

    def named(self, request_type: str, **parts: Any) -> requests.Response:
        more = {"epoch": self.epoch} if self.epoch is not None else {}
        return self.ask(request_type, cloudIP="127.0.0.1", cloudPort=str(self.port), **more, **parts)

    def join(self) -> None:
        assert self.named("cloudJoinReq", id="1").status_code == 200
        assert self.named("getJobs").status_code == 200

    def match(self, job: str, photos: dict[str, bytes]) -> requests.Response:
        return self.ask("match", zip=(f"{job}.zip", zip_of(photos)))

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloudlet = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(cloudlet._take(self.headers["Content-Type"], body))
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
        request_type = files["requestType"][0]["body"].decode()
        self.said.append(request_type)
        if request_type in self.refuses:
            return 500
        if request_type == "newJob":
            part = files["zip"][0]
            with zipfile.ZipFile(io.BytesIO(part["body"])) as archive:
                content = {name: archive.read(name) for name in archive.namelist()}
            self.jobs[part["filename"].removesuffix(".zip")] = content
            return 200
        name = files["jobName"][0]["body"].decode()
        return 200 if self.jobs.pop(name, None) is not None else 404


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@contextmanager
def legacy_cloudlet(server: str, *, epoch: str | None = None) -> Iterator[LegacyCloudlet]:
    made = LegacyCloudlet(server, epoch=epoch)
    try:
        yield made
    finally:
        made.close()
