"""Receivers for a Pi sender: a legacy one by seeds/003, and one with resumable uploads and receipts. Not ours to ship.

Both can be told to misbehave: `Receiver.faults` holds what the next requests meet, in order.
"""

import base64
import hashlib
import io
import json
import re
import secrets
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.formparser import parse_form_data

KNOWN = "0123456789abcdef"
CUT, CUT_AFTER = "cut", "cut after"


class Receiver:
    """What a receiver knows and what it was given."""

    def __init__(self, *, modern: bool) -> None:
        self.modern = modern
        self.key = Ed25519PrivateKey.generate()
        self.ids = {KNOWN}
        self.channels: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[str] = []
        self.uploads: dict[str, dict[str, Any]] = {}
        self.receipt_of: Any = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def public_pem(self) -> str:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def receipt(self, name: str, content: bytes) -> str:
        claims = {"iss": "x", "file": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        claims |= self.receipt_of or {}
        return jwt.encode(claims, self.key, algorithm="EdDSA")

    def took(self, method: str) -> list[str]:
        return [path for known, path, _ in self.requests if known == method]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _begin(self) -> bool:
        """Note the request and return whether it is to be answered as usual."""
        self.receiver.requests.append((self.command, self.path, dict(self.headers)))
        self._fault = self.receiver.faults.pop(0) if self.receiver.faults else ""
        if self._fault == CUT:
            self.rfile.read(min(1000, int(self.headers.get("Content-Length", 0))))
            self.connection.close()
            self.close_connection = True
            return False
        if self._fault.startswith("text "):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            text = self._fault.removeprefix("text ")
            self._text(text, int(text) if self.path.startswith("/files") else 200)
            return False
        return True

    def _text(self, text: str, status: int = 200, **headers: str) -> None:
        if self._fault == CUT_AFTER:
            self.connection.close()
            self.close_connection = True
            return
        body = text.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def _known(self) -> bool:
        return self.headers.get("pi_id") in self.receiver.ids and bool(self.headers.get("pi_num"))

    def do_GET(self) -> None:
        if not self._begin():
            return
        if self.path.rstrip("/") != "/upload":
            self._text("not found", 404)
        elif not self._known():
            self._text("401")
        else:
            letters = "".join(secrets.choice(string.ascii_letters) for _ in range(20))
            self.receiver.channels.add(letters)
            self._text(f"301 {letters}")

    def do_POST(self) -> None:
        if not self._begin():
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/files/" and self.receiver.modern:
            self._create()
        elif self.path.startswith("/upload/"):
            self._upload(body)
        else:
            self._text("not found", 404)

    def _upload(self, body: bytes) -> None:
        channel = self.path.rpartition("/")[2]
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        files = parse_form_data(environ)[2]
        file, checksum, left = (
            files.get("sensor_data_file"),
            self.headers.get("checksum"),
            self.headers.get("num_files"),
        )
        if not self._known() or channel not in self.receiver.channels:
            return self._text("401", 401)
        if file is None or not file.filename or not checksum or not left:
            return self._text("412", 412)
        if not re.fullmatch(r".+\.(txt|json|csv)", file.filename):
            return self._text("415", 415)
        content = file.read()
        if hashlib.sha256(content).hexdigest() != checksum:
            return self._text("500", 500)
        self.receiver.files[file.filename] = content
        if left == "1":
            self.receiver.channels.discard(channel)
        more = {"Receipt": self.receiver.receipt(file.filename, content)} if self.receiver.modern else {}
        return self._text("200", **more)

    def _create(self) -> None:
        if not self._known():
            return self._text("no", 401)
        pairs = (pair.split(" ") for pair in self.headers["Upload-Metadata"].split(","))
        told = {key: base64.b64decode(value).decode() for key, value in pairs}
        upload = secrets.token_hex(8)
        size = int(self.headers["Upload-Length"])
        self.receiver.uploads[upload] = told | {"size": size, "content": b"", "receipt": ""}
        return self._text("", 201, Location=f"http://elsewhere.invalid/files/{upload}", Upload_Offset="0")

    def do_HEAD(self) -> None:
        if not self._begin():
            return None
        known = self.receiver.uploads.get(self.path.rpartition("/")[2])
        if known is None:
            return self._text("", 404)
        return self._tell(known, 200)

    def do_PATCH(self) -> None:
        if not self._begin():
            return None
        known, length = self.receiver.uploads.get(self.path.rpartition("/")[2]), int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if known is None:
            return self._text("", 404)
        digest = "sha256 " + base64.b64encode(hashlib.sha256(body).digest()).decode()
        if self._fault == "mismatch" or self.headers["Upload-Checksum"] != digest:
            return self._text("", 460)
        if int(self.headers["Upload-Offset"]) != len(known["content"]):
            return self._text("", 409)
        known["content"] += body
        if len(known["content"]) == known["size"]:
            if hashlib.sha256(known["content"]).hexdigest() != known["checksum"]:
                return self._text(json.dumps({"detail": "other bytes"}), 400)
            self.receiver.files[known["filename"]] = known["content"]
            known["receipt"] = self.receiver.receipt(known["filename"], known["content"])
        return self._tell(known, 204)

    def _tell(self, known: dict[str, Any], status: int) -> None:
        headers = {"Upload_Offset": str(len(known["content"])), "Upload_Length": str(known["size"])}
        self._text("", status, **headers, **({"Receipt": known["receipt"]} if known["receipt"] else {}))


@contextmanager
def receiver(*, modern: bool, port: int = 0) -> Iterator[Receiver]:
    """Run a receiver for the length of a `with` block."""
    made = Receiver(modern=modern)
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"receiver": made}))
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=40)
