"""`/files/`: resumable uploads by tus 1.0.0: core, creation, checksum, expiration, termination. Decides little."""

import json
import time
from dataclasses import dataclass
from typing import Any, ClassVar

from backbone.errors import BadInput, Conflict, SearchlightError, TooLarge
from backbone.web.http import Route
from pi_receiver.domain.checksums import read_checksum
from pi_receiver.domain.file_times import read_modified
from pi_receiver.domain.refusals import ChunkMismatch, FieldMissing, WrongKind, WrongMethod
from pi_receiver.intake.gate import Gate
from pi_receiver.intake.reception import Reception
from pi_receiver.intake.streamed_body import StreamedBodyHandler
from pi_receiver.tus.headers import (
    CHUNK_TYPE,
    EXTENSIONS,
    VERSION,
    http_date,
    read_chunk_digest,
    read_metadata,
    read_size,
    write_metadata,
)
from pi_receiver.tus.resumable import Resumable
from pi_receiver.tus.resumables import Resumables

CHECKSUM_MISMATCH = 460


@dataclass(frozen=True, slots=True)
class FilesEntrance:
    """What resumable uploads stand on; `stall_seconds`: silence after which a sender is cut off."""

    gate: Gate
    reception: Reception
    resumables: Resumables
    stall_seconds: float


class TusHandler(StreamedBodyHandler):
    """What every request of the protocol has.

    Attributes:
        overrides: the methods that `X-HTTP-Method-Override` may put in the place of POST.
    """

    overrides: ClassVar[frozenset[str]] = frozenset()
    _upload: Resumable | None = None
    _counted = ""

    def initialize(self, entrance: FilesEntrance) -> None:
        """Take the collaborators."""
        self._entrance = entrance
        self._reception = entrance.reception
        self._resumables = entrance.resumables
        self.workers = entrance.reception.workers

    def set_default_headers(self) -> None:
        """Name the version in every answer, refusals too."""
        super().set_default_headers()
        self.set_header("Tus-Resumable", VERSION)
        self.set_header("Tus-Version", VERSION)

    def check_caller(self) -> None:
        """Let everybody ask: a Pi proves itself by its id, not by a token."""

    async def prepare(self) -> None:  # type: ignore[override] # Tornado awaits it
        """Check version and caller before a byte of the body is read."""
        super().prepare()
        self._method = self.request.method or ""
        try:
            self._method = self._overridden()
            if self._method == "OPTIONS":
                return
            if self.request.headers.get("Tus-Resumable") != VERSION:
                raise FieldMissing(f"Tus-Resumable: expected {VERSION}, got another")
            self.owner = await self._entrance.gate.admit(self.request.headers)
            await self.begin()
        except SearchlightError as fault:
            if self.request.method == "HEAD":
                raise
            self.refuse(fault)

    def _overridden(self) -> str:
        """Return the method that is meant: tus has senders that know only GET and POST name another in a header.

        Raises:
            WrongMethod: the resource has no such method.
        """
        named = self.request.headers.get("X-HTTP-Method-Override")
        if self.request.method != "POST" or named is None:
            return self._method
        if named.upper() not in self.overrides:
            expected = ", ".join(sorted(self.overrides))
            raise WrongMethod(f"X-HTTP-Method-Override: expected one of {expected}, got {named[:20]!a}")
        return named.upper()

    async def begin(self) -> None:
        """Make ready for the request."""

    def options(self) -> None:
        """Tell what is understood."""
        self.set_header("Tus-Extension", EXTENSIONS)
        self.set_header("Tus-Checksum-Algorithm", "sha256")
        self.set_header("Tus-Max-Size", str(self._reception.most_bytes))
        self.set_status(204)

    def tell(self, upload: Resumable) -> None:
        """Put into the headers how far an upload is."""
        self.set_header("Upload-Offset", str(upload.file.offset))
        self.set_header("Upload-Expires", http_date(upload.noted.expires_at))
        if upload.noted.receipt:
            self.set_header("Receipt", upload.noted.receipt)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - Tornado's signature
        """Answer `application/problem+json`; 460 is not known to HTTP."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, WrongMethod):
            self.set_header("Allow", ", ".join(sorted(self.overrides)))
        if not isinstance(error, ChunkMismatch):
            super().write_error(status_code, **kwargs)
            return
        self.set_status(CHECKSUM_MISMATCH, "Checksum Mismatch")
        problem = {"title": "Checksum Mismatch", "status": CHECKSUM_MISMATCH, "code": error.code}
        self.set_header("Content-Type", "application/problem+json")
        self.finish(json.dumps(problem | {"detail": error.message}))


class CreationHandler(TusHandler):
    """`POST /files/`: a new upload."""

    overrides = frozenset({"OPTIONS", "POST"})

    async def post(self) -> None:
        """Answer where the file is to be sent to."""
        await self.body_ended()
        if self._method == "OPTIONS":
            self.options()
            return
        headers = self.request.headers
        if "Upload-Defer-Length" in headers:
            raise BadInput("Upload-Length: expected it at once, got Upload-Defer-Length")
        length = read_size(headers, "Upload-Length")
        if length > self._reception.most_bytes:
            raise TooLarge(f"Upload-Length: expected at most {self._reception.most_bytes}, got {length}")
        told = read_metadata(headers.get("Upload-Metadata", ""))
        name = self._reception.check_name(told["filename"])
        digest = read_checksum(told["checksum"])
        upload = await self._resumables.create(self.owner, name=name, digest=digest, length=length)
        if upload.whole:
            await self._resumables.settle(upload, modified=read_modified(headers, time.time()))
        self.set_header("Location", f"{self.request.protocol}://{self.request.host}/files/{upload.noted.id}")
        self.tell(upload)
        self.set_status(201)


class FileHandler(TusHandler):
    """`/files/<id>`: how far it is, more of it, the end of it."""

    overrides = frozenset({"DELETE", "HEAD", "OPTIONS", "PATCH"})

    async def begin(self) -> None:
        """Take the turn; an earlier request of the same Pi whose body may never end is cut off."""
        upload_id = self.request.path.rpartition("/")[2]
        has_body = self.announced_length() != 0
        self._upload = await self._resumables.enter(upload_id, self.owner, self._cut if has_body else None)
        self._modified = read_modified(self.request.headers, time.time())
        await self._resumables.settle(self._upload, modified=self._modified)
        if self._method == "PATCH":
            await self._begin_patch(self._upload)

    async def _begin_patch(self, upload: Resumable) -> None:
        headers = self.request.headers
        if headers.get("Content-Type", "") != CHUNK_TYPE:
            raise WrongKind(f"Content-Type: expected {CHUNK_TYPE}, got {headers.get('Content-Type', '')[:60]!a}")
        offset = read_size(headers, "Upload-Offset")
        if offset != upload.file.offset:
            raise Conflict(f"Upload-Offset: expected {upload.file.offset}, got {offset}")
        left = upload.missing
        if (self.announced_length() or 0) > left:
            raise TooLarge(f"expected at most {left} bytes more, got {self.announced_length()}")
        digest = read_chunk_digest(headers)
        self._reception.enter(self.owner.pi)
        self._counted = self.owner.pi
        if upload.noted.receipt:
            return
        await self._reception.work(lambda: upload.file.begin(digest, missing=left))
        self.drained_bytes = max(left, self.drained_bytes)
        self.expect_body(
            lambda data: self._resumables.write(upload, data),
            most_bytes=left,
            stall_seconds=self._entrance.stall_seconds,
        )

    async def head(self) -> None:
        """Answer how far it is."""
        await self.body_ended()
        upload = self._known()
        self.tell(upload)
        self.set_header("Upload-Length", str(upload.noted.length))
        told = {"filename": upload.noted.name, "checksum": upload.noted.sha256}
        self.set_header("Upload-Metadata", write_metadata(told))

    async def patch(self) -> None:
        """Keep what came; with the last byte the file is put into its place."""
        await self.body_ended()
        upload = self._known()
        if not upload.noted.receipt:
            await self._resumables.save(upload)
            await self._resumables.settle(upload, modified=self._modified)
        self._reception.faults.hit("before_reply")
        self.tell(upload)
        self.set_status(204)
        await self.finish()
        self._reception.faults.hit("after_reply")

    async def delete(self) -> None:
        """Give an upload up."""
        await self.body_ended()
        await self._resumables.drop(self._known())
        self.set_status(204)

    async def post(self) -> None:
        """Do what the override says; refuse a POST without one."""
        meant = {"DELETE": self.delete, "HEAD": self.head, "PATCH": self.patch}.get(self._method)
        if meant is not None:
            await meant()
            return
        await self.body_ended()
        if self._method == "OPTIONS":
            self.options()
            return
        raise BadInput("POST: expected X-HTTP-Method-Override with PATCH or DELETE, got none")

    def _known(self) -> Resumable:
        if self._upload is None:
            raise BadInput("expected an upload, got none")
        return self._upload

    def _cut(self) -> None:
        """End this request: its sender has come back on another connection."""
        self.request.connection.stream.close()  # type: ignore[union-attr] # HTTP/1 has it

    def let_go(self) -> None:
        """Give the turn back, and the count."""
        upload, self._upload = self._upload, None
        counted, self._counted = self._counted, ""
        if counted:
            self._reception.leave(counted)
        if upload is not None:
            self._resumables.leave(upload, after=self.fed)


def routes(entrance: FilesEntrance) -> list[Route]:
    """Return the paths of resumable uploads."""
    return [
        Route("/files/?", CreationHandler, {"entrance": entrance}),
        Route("/files/[A-Za-z0-9_-]{1,100}", FileHandler, {"entrance": entrance}),
    ]
