"""`/snippets/ID/`: devices put their pictures, operators look at them. Decides nothing."""

import base64
import hashlib
from typing import ClassVar

from backbone.errors import BadInput, NotFound
from backbone.web.auth import Principal
from backbone.web.guard import Access
from backbone.web.http import BaseHandler, Route
from backbone.web.legacy_fields import UploadCount, UploadHandler
from backbone.web.legacy_networks import LegacyNetworks
from backbone.wire.snap_values import NAME
from processor_orchestrator.domain.snippet import Snippet, check_digest
from processor_orchestrator.snap.snippet_service import SnippetService
from processor_orchestrator.stores.snippets import SnippetStore

ID_IN_PATH = NAME
MAX_LISTED = 200
DEFAULT_LISTED = 50


def put_routes(
    *, snippets: SnippetService, store: SnippetStore, networks: LegacyNetworks, uploads: UploadCount
) -> list[Route]:
    """Return the path of one id's pictures, which legacy devices know too."""
    collaborators = {"snippets": snippets, "store": store, "networks": networks, "uploads": uploads}
    return [Route(f"/snippets/({ID_IN_PATH})/?", SnippetHandler, collaborators)]


def routes(*, store: SnippetStore) -> list[Route]:
    """Return the path of the list of pictures."""
    return [Route("/api/snippets", SnippetsHandler, {"store": store})]


class SnippetHandler(UploadHandler):
    """The pictures of one id."""

    upload_method: ClassVar[str] = "PUT"

    def initialize(
        self, snippets: SnippetService, store: SnippetStore, networks: LegacyNetworks, uploads: UploadCount
    ) -> None:
        """Take the collaborators."""
        self._snippets = snippets
        self._store = store
        self._networks = networks
        self._uploads = uploads

    def check_caller(self) -> None:
        """Let devices put and operators look; a device without a token may put from a legacy network only."""
        self.principal = self._let_in()

    def _let_in(self) -> Principal | None:
        token = self.presented_token()
        if self.request.method != "PUT":
            return self.guard.authenticate(token, Access.CLIENT)
        return self._networks.authenticate(self.guard, token, self.request.remote_ip or "", (Access.SNAP,))

    async def put(self, snippet_id: str) -> None:
        """Take a picture in: the first file of a form, or the body itself."""
        body = self.raw_body
        check_digest(self.request.headers.get("Content-Digest"), body)
        subject = self.principal.subject if self.principal is not None else None
        snippet, is_new = await self._snippets.take(snippet_id, self._picture(body), subject=subject)
        self.write_json(snippet_view(snippet) | {"new": is_new})

    def _picture(self, body: bytes) -> bytes:
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            return body
        parts = [part for listed in self.read_form().files.values() for part in listed]
        if len(parts) != 1:
            raise BadInput(f"expected one file in the form, got {len(parts)}", code="bad_multipart")
        return parts[0].content

    async def get(self, snippet_id: str) -> None:
        """Answer the newest picture, or the one whose digest `?sha256=` names."""
        snippet = await self._store.find(snippet_id, self.get_query_argument("sha256", None))
        jpeg = None if snippet is None else await self._store.jpeg(snippet)
        if jpeg is None:
            raise NotFound(f"expected a snippet that is kept, got {snippet_id!r}", code="unknown_snippet")
        digest = base64.b64encode(hashlib.sha256(jpeg).digest()).decode()
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Content-Digest", f"sha-256=:{digest}:")
        self.write(jpeg)


class SnippetsHandler(BaseHandler):
    """What is kept."""

    def initialize(self, store: SnippetStore) -> None:
        """Take the store."""
        self._store = store

    async def get(self) -> None:
        """Answer the newest pictures' facts, of one id with `?id=`, newest first; at most `?limit=`."""
        told = self.get_query_argument("limit", str(DEFAULT_LISTED))
        if not (told.isascii() and told.isdigit() and 1 <= int(told[:6]) <= MAX_LISTED):
            raise BadInput(f"limit: expected 1 to {MAX_LISTED}, got {told[:40]!r}")
        newest = await self._store.newest(limit=int(told), snippet_id=self.get_query_argument("id", None))
        self.write_json({"data": [snippet_view(snippet) for snippet in newest]})


def snippet_view(snippet: Snippet) -> dict[str, object]:
    """Return what is told of a picture; who uploaded it stays here."""
    return {
        "id": snippet.snippet_id,
        "sha256": snippet.sha256,
        "receivedAt": snippet.received_at,
        "bytes": snippet.size,
        "width": snippet.width,
        "height": snippet.height,
    }
