"""`/api/cases`, `/api/sightings/<id>/reject`, `/api/jobs`: what operators do with cases. Decides nothing."""

import time
from typing import Any

from backbone.errors import BadInput, NotFound
from backbone.job_queue import JobQueue, JobView
from backbone.legacy_fields import Form, UploadCount, UploadHandler
from backbone.web import BaseHandler
from processor_orchestrator.cases.desk import CaseDesk
from processor_orchestrator.cases.form import FIELDS, MOST_PHOTOS, UploadedPhoto, read_form
from processor_orchestrator.console.handlers_api import sighting_view
from processor_orchestrator.photo_zip import ZIP_MAGIC, photos_in
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sighting_writer import told
from processor_orchestrator.tracking.switchboard import Switchboard

NEWEST_SIGHTINGS = 20
ACCEPTED = 202


class CasesHandler(UploadHandler):
    """All open cases."""

    def initialize(
        self, desk: CaseDesk, switchboard: Switchboard, store: Store, uploads: UploadCount, timeout: float
    ) -> None:
        """Take the collaborators; `timeout`: seconds after which a case ends that does not say when."""
        self._desk = desk
        self._switchboard = switchboard
        self._store = store
        self._uploads = uploads
        self._timeout = timeout

    async def get(self) -> None:
        """Answer every open case, the newest first."""
        self._switchboard.require_loaded()
        known = sorted(self._switchboard.tracking.objects.values(), key=lambda case: -case.object_id)
        self.write_json({"data": [case_view(case, await _last_seen(self._store, case.object_id)) for case in known]})

    async def post(self) -> None:
        """Open a case: name, threshold, purpose, expires, mqtt, mqttCrops; photos as files, or zips of them."""
        self._switchboard.require_loaded()
        form = self.read_form()
        fields = {name: form.text(name) or "" for name in FIELDS}
        case = read_form(fields, now=time.time(), timeout=self._timeout)
        opened = await self._desk.open(case, await _photos(form))
        self.set_status(ACCEPTED)
        self.set_header("Location", f"/api/cases/{opened.object_id}")
        self.write_json(case_view(opened, None))


class CaseHandler(BaseHandler):
    """One case."""

    def initialize(self, desk: CaseDesk, switchboard: Switchboard, store: Store) -> None:
        """Take the collaborators."""
        self._desk = desk
        self._switchboard = switchboard
        self._store = store

    async def get(self, object_id: str) -> None:
        """Answer the case with its newest sightings."""
        self._switchboard.require_loaded()
        known = self._switchboard.tracking.objects.get(int(object_id))
        if known is None:
            raise NotFound(f"expected an open case, got {object_id}", code="unknown_object")
        sightings = await self._store.sightings(limit=NEWEST_SIGHTINGS, object_id=known.object_id)
        newest = sightings[0].last_seen if sightings else None
        views = [sighting_view(told(sighting)) for sighting in sightings]
        self.write_json(case_view(known, newest) | {"sightings": views})

    async def delete(self, object_id: str) -> None:
        """Close the case: nobody looks for it any more, and its references are deleted."""
        self._switchboard.require_loaded()
        await self._desk.close(int(object_id))
        self.write_json({"objectId": int(object_id), "state": "closed"})


class RejectHandler(BaseHandler):
    """A person's word that a sighting shows somebody else."""

    def initialize(self, switchboard: Switchboard) -> None:
        """Take the switchboard."""
        self._switchboard = switchboard

    async def post(self, sighting_id: str) -> None:
        """Mark the sighting."""
        self._switchboard.require_loaded()
        await self._switchboard.reject(sighting_id)
        self.write_json({"sightingId": sighting_id, "rejected": True})


def case_view(known: TrackedObject, last_seen: float | None) -> dict[str, Any]:
    """Return what is shown of a case; its embeddings never leave. Any: JSON values."""
    return {
        "objectId": known.object_id,
        "name": known.name,
        "kind": known.kind.value,
        "state": known.state.value,
        "threshold": known.threshold,
        "purpose": known.purpose,
        "openedAt": known.opened_at,
        "expiresAt": known.expires_at,
        "mqtt": known.mqtt,
        "mqttCrops": known.mqtt_crops,
        "lastSeenAt": last_seen,
        "jobName": known.job_name,
        "modelId": known.model_id,
        "references": len(known.references),
        "negatives": len(known.negatives),
        "waitingPhotos": len(known.photos),
        "refused": [{"photo": bad.photo, "code": bad.code, "message": bad.message} for bad in known.refused],
    }


async def _last_seen(store: Store, object_id: int) -> float | None:
    newest = await store.sightings(limit=1, object_id=object_id)
    return newest[0].last_seen if newest else None


async def _photos(form: Form) -> list[UploadedPhoto]:
    """Return the photos of a form: every file in it, and what is in the zips among them."""
    photos: list[UploadedPhoto] = []
    for part in (part for field, parts in form.files.items() if field not in FIELDS for part in parts):
        if part.content.startswith(ZIP_MAGIC):
            photos += [UploadedPhoto(name, content) for name, content in (await photos_in(part.content)).items()]
        elif part.content:
            photos.append(UploadedPhoto(part.name[:200], part.content))
    if not 1 <= len(photos) <= MOST_PHOTOS:
        raise BadInput(f"photos: expected 1 to {MOST_PHOTOS} pictures, or a zip of them, got {len(photos)}")
    return photos


class JobsHandler(BaseHandler):
    """What the workers do."""

    def initialize(self, queue: JobQueue | None) -> None:
        """Take the queue; None: there are no workers."""
        self._queue = queue

    async def get(self) -> None:
        """Answer the jobs that wait, run or failed, with progress and the seconds likely left; and the workers."""
        jobs = [] if self._queue is None else await self._queue.jobs()
        workers = 0 if self._queue is None else await self._queue.workers()
        self.write_json({"data": [job_view(job) for job in jobs], "workers": workers})


def job_view(job: JobView) -> dict[str, Any]:
    """Return what is shown of a job. Any: JSON values."""
    return {
        "id": job.id,
        "queue": job.queue,
        "state": job.state,
        "tag": job.tag,
        "done": job.done,
        "total": job.total,
        "etaSeconds": job.eta_seconds,
        "error": job.error,
    }
