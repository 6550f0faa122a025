"""`POST /`: what legacy and our own cloudlets, phones and servers ask (WIRE section 0). Decides nothing.

Legacy clients send every field as a file part and no token; whom they may speak for is in `callers`.
"""

import time
from collections.abc import Awaitable, Callable

from backbone.errors import BadInput
from backbone.web.auth import Principal
from backbone.web.guard import Access
from backbone.web.http import BaseHandler, Route
from backbone.web.legacy_fields import Form, UploadCount, UploadHandler
from backbone.web.legacy_networks import LegacyNetworks
from backbone.wire import strict_json
from processor_orchestrator.cases.form import MOST_PHOTOS, CaseForm, UploadedPhoto
from processor_orchestrator.cases.photo_zip import digest_of, photos_in
from processor_orchestrator.cases.references import ReferenceService
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.case import Kind
from processor_orchestrator.domain.cloudlet import Caller
from processor_orchestrator.footage.form import read_form
from processor_orchestrator.footage.service import FootageService
from processor_orchestrator.registry.callers import caller_of, plain_address
from processor_orchestrator.registry.matches import MANIFEST, match_of, read_manifest
from processor_orchestrator.registry.service import RegistryService
from processor_orchestrator.stores import Store

LEGACY_THRESHOLD = 0.6
MAX_STATE_BYTES = 256 * 1024
NOBODY = {"IP": "-1", "port": "-1"}

WHO_MAY = {
    "cloudJoinReq": Access.CLOUDLET,
    "heartbeat": Access.CLOUDLET,
    "getJobs": Access.CLOUDLET,
    "match": Access.CLOUDLET,
    "phoneLeaveReq": Access.CLOUDLET,
    "getState": Access.ORCHESTRATOR,
    "updateState": Access.ORCHESTRATOR,
    "phoneJoinReq": Access.PHONE,
    "newFootage": Access.PHONE,
    "newJob": Access.CLIENT,
    "deleteJob": Access.CLIENT,
}


def routes(*, service: RegistryService) -> list[Route]:
    """Return the path of the list of cloudlets; the registry itself is at `/`, with the page (`handlers_front`)."""
    return [Route("/api/cloudlets", CloudletsHandler, {"service": service})]


class RegistryHandler(UploadHandler):
    """One request; its `requestType` says what is asked."""

    def initialize(
        self,
        *,
        service: RegistryService,
        cases: CaseService,
        references: ReferenceService,
        footage: FootageService,
        store: Store,
        networks: LegacyNetworks,
        uploads: UploadCount,
        timeout: float,
    ) -> None:
        """Take the collaborators; `timeout`: seconds after which a legacy job ends."""
        self._service = service
        self._cases = cases
        self._references = references
        self._footage = footage
        self._store = store
        self._networks = networks
        self._uploads = uploads
        self._timeout = timeout

    def check_caller(self) -> None:
        """Refuse who has no right to any of the requests, before the body is read."""
        self.principal = self._let_in(set(WHO_MAY.values()))

    def _let_in(self, any_of: set[Access]) -> Principal | None:
        return self._networks.authenticate(self.guard, self.presented_token(), self.address, any_of)

    @property
    def address(self) -> str:
        """The caller's own address."""
        return plain_address(self.request.remote_ip or "")

    async def answer(self) -> None:
        """Carry out a request."""
        form = self.read_form()
        kind = form.text("requestType") or ""
        if kind not in WHO_MAY:
            raise BadInput(f"requestType: expected one of {', '.join(WHO_MAY)}, got {kind[:64]!r}", code="unknown_type")
        self.principal = self._let_in({WHO_MAY[kind]})
        self._cases.require_loaded()
        actions: dict[str, Callable[[Form], Awaitable[object]]] = {
            "cloudJoinReq": self._cloudlet_joins,
            "heartbeat": self._heartbeat,
            "getJobs": self._jobs_asked,
            "match": self._match,
            "phoneLeaveReq": self._phone_leaves,
            "getState": self._state_asked,
            "updateState": self._state_told,
            "phoneJoinReq": self._phone_joins,
            "newFootage": self._new_footage,
            "newJob": self._new_job,
            "deleteJob": self._delete_job,
        }
        self.write_json(await actions[kind](form))

    # Cloudlets.

    async def _cloudlet_joins(self, form: Form) -> object:
        await self._service.join(self._caller(form))
        return {"status": "joined"}

    async def _heartbeat(self, form: Form) -> object:
        named = form.text("cloudIP") is not None
        await self._service.heartbeat(self._caller(form) if named else None, self.address)
        return {"status": "ok"}

    async def _jobs_asked(self, form: Form) -> object:
        await self._service.ask_for_jobs(self._caller(form))
        return {"status": "ok"}

    async def _match(self, form: Form) -> object:
        part = form.file("zip")
        job = _job_name(part.name)
        files = await photos_in(part.content)
        raw = files.pop(MANIFEST, None)
        match = match_of(
            job,
            None if raw is None else read_manifest(raw),
            list(files),
            sender=self.address,
            digest=digest_of(job, files),
            now=time.time(),
        )
        return {"status": await self._service.take_match(match, files)}

    async def _phone_leaves(self, form: Form) -> object:
        await self._service.phone_leaves(self._caller(form))
        return {"status": "ok"}

    # Servers and phones.

    async def _state_asked(self, _form: Form) -> object:
        return await self._service.alive()

    async def _state_told(self, form: Form) -> object:
        told = strict_json.loads(form.file("zip").content, max_bytes=MAX_STATE_BYTES)
        if not isinstance(told, dict) or not all(type(count) is int for count in told.values()):
            raise BadInput('updateState: expected {"ip:port": phones, ...}, got something else')
        await self._service.take_state(told)
        return {"status": "ok"}

    async def _phone_joins(self, form: Form) -> object:
        chosen = await self._service.phone_joins(gave_up=form.text("gaveUp"))
        return NOBODY if chosen is None else {"IP": chosen.ip, "port": str(chosen.port)}

    async def _new_footage(self, form: Form) -> object:
        told = {name: form.text(name) for name in ("path", "camera")}
        asked = read_form({name: text for name, text in told.items() if text is not None}, now=time.time())
        return {"status": "stored", "jobs": await self._footage.look_through(asked)}

    # Operators.

    async def _new_job(self, form: Form) -> object:
        part = form.file("zip")
        job = _job_name(part.name)
        files = await photos_in(part.content)
        photos = [UploadedPhoto(name, content) for name, content in files.items()]
        if not 1 <= len(photos) <= MOST_PHOTOS:
            raise BadInput(f"newJob: expected 1 to {MOST_PHOTOS} photos in the zip, got {len(photos)}")
        case = CaseForm(name=job, threshold=LEGACY_THRESHOLD, purpose=None, expires_at=time.time() + self._timeout)
        opened = await self._references.open_job(case, photos, digest_of(job, files))
        return {"status": "stored", "objectId": opened.case_id}

    async def _delete_job(self, form: Form) -> object:
        job = form.text("jobName") or ""
        case_id = await self._store.case_of_job(job)
        strange = self.principal is None and self.guard.verifier is not None
        await self._references.close(case_id or 0, only=Kind.JOB if strange else None)
        return {"status": "deleted", "objectId": case_id}

    def _caller(self, form: Form) -> Caller:
        """Return the cloudlet that a request is about; without a token it can only be at the caller's own address."""
        return caller_of(
            ip=form.text("cloudIP"),
            port=form.text("cloudPort"),
            epoch=form.text("epoch"),
            model_id=form.text("modelId") or None,
            address=self.address,
            vouched=self.principal is not None,
        )


class CloudletsHandler(BaseHandler):
    """The cloudlets, for the page."""

    def initialize(self, service: RegistryService) -> None:
        """Take the service."""
        self._service = service

    async def get(self) -> None:
        """Answer every cloudlet that joined, by name."""
        self.write_json({"data": await self._service.views()})


def _job_name(filename: str) -> str:
    """Return the job that a zip's name tells."""
    name = filename.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    job = name[:-4] if name.lower().endswith(".zip") else name
    if not 1 <= len(job) <= 200 or any(not char.isprintable() for char in job):
        raise BadInput(f"zip: expected the name <jobName>.zip of at most 200 characters, got {filename[:100]!r}")
    return job
