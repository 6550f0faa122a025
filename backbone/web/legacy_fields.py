"""Requests that carry files: multipart as browsers, `requests` and legacy clients send it, or a JSON object.

Legacy clients send every field as a file part; a field is read from wherever it came (WIRE section 0). Does not look
into the files.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from tornado.httputil import HTTPInputError, ParseBodyConfig, ParseMultipartConfig, parse_body_arguments
from tornado.web import stream_request_body

from backbone.errors import BadInput, TooLarge, Unavailable
from backbone.web.http import BaseHandler
from backbone.wire import strict_json

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_BODY_BYTES = MAX_UPLOAD_BYTES + 256 * 1024
"""An upload with the parts around it."""

MAX_FIELD_BYTES = 16 * 1024
MAX_PARTS = 256
MAX_AT_ONCE = 8
"""Uploads that are held in memory at the same time."""

_CONFIG = ParseBodyConfig(multipart=ParseMultipartConfig(max_parts=MAX_PARTS))


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file as it came; the name is its sender's and never a path."""

    name: str
    content: bytes


@dataclass(slots=True)
class Form:
    """The fields and files of one request."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[FilePart]] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a field, whichever way it came; None when it did not.

        Raises:
            BadInput: it is no text, or too long to be a field.
        """
        if name in self.fields:
            return self.fields[name]
        part = next(iter(self.files.get(name, ())), None)
        if part is None:
            return None
        if len(part.content) > MAX_FIELD_BYTES:
            raise TooLarge(f"{name}: expected at most {MAX_FIELD_BYTES} bytes, got {len(part.content)}")
        return _decoded(name, part.content)

    def file(self, name: str) -> FilePart:
        """Return the only file of that name.

        Raises:
            BadInput: there is none, or there are several.
        """
        parts = self.files.get(name, [])
        if len(parts) != 1:
            raise BadInput(f"{name}: expected one file, got {len(parts)}")
        return parts[0]


class UploadCount:
    """How many uploads are in memory now."""

    def __init__(self, limit: int = MAX_AT_ONCE) -> None:
        self._limit = limit
        self._now = 0

    def enter(self) -> None:
        """Count one more.

        Raises:
            Unavailable: there are too many already.
        """
        if self._now >= self._limit:
            raise Unavailable(f"expected at most {self._limit} uploads at once, got one more; try again")
        self._now += 1

    def leave(self) -> None:
        """Count one less."""
        self._now -= 1


@stream_request_body
class UploadHandler(BaseHandler):
    """A handler whose POST may carry files; who may not come in is refused before the body is read."""

    upload_method: ClassVar[str] = "POST"
    _uploads: UploadCount
    _counted = False

    def prepare(self) -> None:
        """Check the caller, then make room for the body."""
        super().prepare()
        if self.request.method != self.upload_method:
            return
        length = self.request.headers.get("Content-Length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY_BYTES:
            raise TooLarge(f"expected at most {MAX_BODY_BYTES} bytes, got {length[:20]}")
        self._uploads.enter()
        self._counted = True
        self._body = bytearray()
        self.request.connection.set_max_body_size(MAX_BODY_BYTES)  # type: ignore[union-attr] # HTTP/1 has it

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body."""
        if self._counted:
            self._body += chunk

    def on_finish(self) -> None:
        """Let the next upload in."""
        self._let_go()

    def on_connection_close(self) -> None:
        """Let the next upload in, when this one was broken off."""
        self._let_go()

    def _let_go(self) -> None:
        if self._counted:
            self._counted = False
            self._body = bytearray()
            self._uploads.leave()

    @property
    def raw_body(self) -> bytes:
        """The body as it came."""
        return bytes(self._body)

    def read_form(self) -> Form:
        """Return what came.

        Raises:
            BadInput: it is neither multipart, nor urlencoded, nor a JSON object.
        """
        kind = self.request.headers.get("Content-Type", "")
        body = bytes(self._body)
        if kind.partition(";")[0].strip().lower() in {"application/json", ""}:
            return _from_json(body)
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[dict[str, object]]] = {}
        try:
            parse_body_arguments(kind, body, arguments, files, self.request.headers, config=_CONFIG)  # type: ignore[arg-type] # HTTPFile is a dict
        except HTTPInputError as fault:
            raise BadInput(f"expected a multipart body, got: {fault}", code="bad_multipart") from None
        fields = {name: _decoded(name, values[-1]) for name, values in arguments.items() if values}
        parts = {name: [_part(file) for file in listed] for name, listed in files.items()}
        return Form(fields, parts)


def _part(file: dict[str, object]) -> FilePart:
    content = file["body"]
    return FilePart(str(file["filename"]), content if isinstance(content, bytes) else b"")


def _from_json(body: bytes) -> Form:
    value = strict_json.loads(body, max_bytes=MAX_FIELD_BYTES)
    if not isinstance(value, dict):
        raise BadInput(f"expected a JSON object, got {type(value).__name__}", code="bad_json")
    plain = {key: inner for key, inner in value.items() if isinstance(inner, str | int | float)}
    return Form({key: str(inner) for key, inner in plain.items()})


def _decoded(name: str, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadInput(f"{name}: expected UTF-8, got bytes that are not") from None
