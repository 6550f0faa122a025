"""`POST /`: what servers and phones ask of a cloudlet (WIRE section 0). Decides nothing."""

from collections.abc import Awaitable, Callable

from backbone.errors import BadInput
from backbone.web.guard import Access
from backbone.web.http import Route
from backbone.web.legacy_fields import Form, UploadCount, UploadHandler
from backbone.web.legacy_networks import LegacyNetworks
from backbone.zips.archives import open_archive
from cloudlet.domain.batches import Sent
from cloudlet.service import CloudletService

SERVERS = frozenset({Access.ORCHESTRATOR})
PHONES = frozenset({Access.PHONE, Access.CLIENT})
WHO_MAY = {"newJob": SERVERS, "deleteJob": SERVERS, "newPhotos": PHONES, "leave": PHONES}
YES = {"1", "true", "yes", "on"}
MOST_NAME = 200
MOST_TIME = 20
MAX_UPLOADS = 4
"""Uploads that are held in memory at the same time."""


class CloudletHandler(UploadHandler):
    """One request; its `requestType` says what is asked."""

    def initialize(self, *, service: CloudletService, uploads: UploadCount, networks: LegacyNetworks) -> None:
        """Take the collaborators."""
        self._service = service
        self._uploads = uploads
        self._networks = networks

    def check_caller(self) -> None:
        """Refuse who has no right to any of the requests, before the body is read."""
        self._check(SERVERS | PHONES)

    def _check(self, any_of: frozenset[Access]) -> None:
        address = self.request.remote_ip or ""
        self.principal = self._networks.authenticate(self.guard, self.presented_token(), address, any_of)

    async def post(self) -> None:
        """Carry out a request."""
        form = self.read_form()
        kind = form.text("requestType") or ""
        if kind not in WHO_MAY:
            raise BadInput(f"requestType: expected one of {', '.join(WHO_MAY)}, got {kind[:64]!r}", code="unknown_type")
        self._check(WHO_MAY[kind])
        actions: dict[str, Callable[[Form], Awaitable[object]]] = {
            "newJob": self._new_job,
            "deleteJob": self._delete_job,
            "newPhotos": self._new_photos,
            "leave": self._leave,
        }
        self.write_json(await actions[kind](form))

    async def _new_job(self, form: Form) -> object:
        part = form.file("zip")
        name = _job_name(part.name)
        job = await self._service.new_job(name, await open_archive(part.content), part.content)
        return {"status": job.state.value, "jobName": job.name}

    async def _delete_job(self, form: Form) -> object:
        await self._service.delete_job(form.text("jobName") or "")
        return {"status": "deleted"}

    async def _new_photos(self, form: Form) -> object:
        part = form.file("zip")
        named = form.text("batch") or form.text("batchId")
        if named is not None and len(named) > MOST_NAME:
            raise BadInput(f"batch: expected at most {MOST_NAME} characters, got {len(named)}")
        sent = Sent(
            named=named,
            with_location=(form.text("withLocation") or "").strip().lower() in YES,
            device=_device(form.text("device") or ""),
            received_at=_seconds(form.text("receivedAt")),
        )
        batch_id = await self._service.new_photos(await open_archive(part.content), part.content, sent)
        return {"status": 202, "batchId": batch_id}

    async def _leave(self, _form: Form) -> object:
        await self._service.leave()
        return {"status": "ok"}


def _device(name: str) -> str:
    """Return what took the photos, where it is not their sender."""
    if len(name) > MOST_NAME or not name.isprintable():
        raise BadInput(f"device: expected at most {MOST_NAME} printable characters, got {name[:99]!r}")
    return name


def _seconds(text: str | None) -> float | None:
    """Return a time, seconds since the epoch."""
    if text is None:
        return None
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or len(text) > MOST_TIME:
        raise BadInput(f"receivedAt: expected seconds since the epoch, got {text[:40]!a}")
    return float(text)


def _job_name(filename: str) -> str:
    """Return the job that a zip's name tells."""
    name = filename.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    job = name[:-4] if name.lower().endswith(".zip") else name
    if not 1 <= len(job) <= MOST_NAME or not job.isprintable():
        raise BadInput(f"zip: expected the name <jobName>.zip of at most {MOST_NAME} characters, got {filename[:99]!r}")
    return job


def routes(service: CloudletService, networks: LegacyNetworks) -> list[Route]:
    """Return the one path that servers and phones ask."""
    collaborators = {"service": service, "uploads": UploadCount(MAX_UPLOADS), "networks": networks}
    return [Route("/", CloudletHandler, collaborators)]
