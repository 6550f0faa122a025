"""`/api/cases` and `/api/objects`: what operators do with cases. Decides nothing."""

import time
from collections.abc import Collection
from typing import Any

from backbone.errors import BadInput, NotFound
from backbone.web.http import BaseHandler, Route
from backbone.web.legacy_fields import Form, UploadCount, UploadHandler
from processor_orchestrator.cases.form import FIELDS, MOST_PHOTOS, UploadedPhoto, read_form
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.cases.photo_zip import ZIP_MAGIC, photos_in
from processor_orchestrator.cases.references import ReferenceService
from processor_orchestrator.cases.service import CaseRow, CaseService
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.likeness import UNNAMED
from processor_orchestrator.sightings.handlers import sighting_view
from processor_orchestrator.sightings.service import SightingService
from processor_orchestrator.stores import Store

NEWEST_SIGHTINGS = 20
ACCEPTED = 202
LEGACY = "legacy"
"""The model of processors that do not name theirs, as people read it."""

ID_IN_PATH = "[0-9]{1,15}"


def routes(
    *,
    cases: CaseService,
    references: ReferenceService,
    models: ModelsInUse,
    sightings: SightingService,
    store: Store,
    uploads: UploadCount,
    timeout: float,
) -> list[Route]:
    """Return the paths of cases; `timeout`: seconds after which a case ends that does not say when."""
    both = {"cases": cases, "references": references, "models": models}
    opening = both | {"uploads": uploads, "timeout": timeout}
    one = both | {"sightings": sightings}
    return [
        Route("/api/cases", CasesHandler, opening),
        Route(f"/api/cases/({ID_IN_PATH})", CaseHandler, one),
        Route("/api/objects", ObjectsHandler, {"cases": cases}),
        Route(f"/api/objects/({ID_IN_PATH})/image", ImageHandler, {"store": store}),
    ]


class CasesHandler(UploadHandler):
    """All open cases."""

    def initialize(
        self,
        cases: CaseService,
        references: ReferenceService,
        models: ModelsInUse,
        uploads: UploadCount,
        timeout: float,
    ) -> None:
        """Take the collaborators."""
        self._cases = cases
        self._references = references
        self._models = models
        self._uploads = uploads
        self._timeout = timeout

    async def get(self) -> None:
        """Answer every open case, the newest first."""
        rows, models = await self._cases.rows(), self._models.all()
        self.write_json({"data": [case_view(row.case, row.last_seen, models) for row in rows]})

    async def post(self) -> None:
        """Open a case: the fields of `FIELDS`, and photos as files, or zips of them."""
        self._cases.require_loaded()
        form = self.read_form()
        fields = {name: form.text(name) or "" for name in FIELDS}
        asked = read_form(fields, now=time.time(), timeout=self._timeout)
        opened = await self._references.open(asked, await _photos(form))
        self.set_status(ACCEPTED)
        self.set_header("Location", f"/api/cases/{opened.case_id}")
        self.write_json(case_view(opened, None, self._models.all()))


class CaseHandler(BaseHandler):
    """One case."""

    def initialize(
        self, cases: CaseService, references: ReferenceService, models: ModelsInUse, sightings: SightingService
    ) -> None:
        """Take the collaborators."""
        self._cases = cases
        self._references = references
        self._models = models
        self._sightings = sightings

    async def get(self, case_id: str) -> None:
        """Answer the case with its newest sightings."""
        self._cases.require_loaded()
        case = self._cases.get(int(case_id))
        if case is None:
            raise NotFound(f"expected an open case, got {case_id}", code="unknown_object")
        newest = await self._sightings.newest(limit=NEWEST_SIGHTINGS, case_id=case.case_id)
        views = [sighting_view(sighting) for sighting in newest]
        last_seen = newest[0].last_seen if newest else None
        self.write_json(case_view(case, last_seen, self._models.all()) | {"sightings": views})

    async def delete(self, case_id: str) -> None:
        """Close the case: nobody looks for it any more, and its references are deleted."""
        self._cases.require_loaded()
        await self._references.close(int(case_id))
        self.write_json({"objectId": int(case_id), "state": "closed"})


class ObjectsHandler(BaseHandler):
    """What is sought now, as the page's list shows it."""

    def initialize(self, cases: CaseService) -> None:
        """Take the service."""
        self._cases = cases

    async def get(self) -> None:
        """Answer every open case, the newest first."""
        self.write_json({"data": [_object_view(row) for row in await self._cases.rows()]})


class ImageHandler(BaseHandler):
    """The picture with which a case was opened; of a case from photos the first reference."""

    def initialize(self, store: Store) -> None:
        """Take the store to read from."""
        self._store = store

    async def get(self, case_id: str) -> None:
        """Answer the JPEG."""
        jpeg = await self._store.image(int(case_id))
        if jpeg is None:
            jpeg = next(iter(await self._store.chips(int(case_id))), None)
        if jpeg is None:
            raise NotFound(f"expected an object with an image, got {case_id}")
        self.set_header("Content-Type", "image/jpeg")
        self.write(jpeg)


def case_view(case: Case, last_seen: float | None, models: Collection[str]) -> dict[str, Any]:
    """Return what is shown of a case; its embeddings never leave. Any: JSON values.

    Args:
        models: those in use.
    """
    return {
        "objectId": case.case_id,
        "name": case.name,
        "kind": case.kind.value,
        "state": case.state.value,
        "threshold": case.threshold,
        **_budget_view(case),
        "purpose": case.purpose,
        "openedAt": case.opened_at,
        "expiresAt": case.expires_at,
        "mqtt": case.mqtt,
        "mqttCrops": case.mqtt_crops,
        "lastSeenAt": last_seen,
        "jobName": case.job_name,
        "modelId": case.model_id,
        "references": len(case.likeness_for(case.model_id or UNNAMED).references),
        "negatives": len(case.negatives),
        "models": [
            {"modelId": one.model_id, "references": len(one.references), "negatives": len(one.negatives)}
            for one in case.likenesses
            if one.has_map
        ],
        "needsPhotoFor": [model or LEGACY for model in case.needs_photo_for(models)],
        "waitingPhotos": len(case.photos),
        "refused": [{"photo": bad.photo, "code": bad.code, "message": bad.message} for bad in case.refused],
    }


def _budget_view(case: Case) -> dict[str, object]:
    """Return how many false candidates may be shown; nothing of it where a distance is stated instead."""
    by_word = case.threshold is None and case.false_candidates_per_day is None
    return {
        "sensitivity": case.sensitivity.value if by_word else None,
        "falseCandidatesPerDay": case.false_candidates if case.threshold is None else None,
    }


def _object_view(row: CaseRow) -> dict[str, Any]:
    """Return what the page shows of a case; the feature map itself never leaves. Any: JSON values."""
    case = row.case
    return {
        "objectId": case.case_id,
        "name": case.name,
        "openedAt": case.opened_at,
        "expiresAt": case.expires_at,
        "lastSeenAt": row.last_seen,
        "cameraId": case.camera,
        "hasFeatureMap": case.has_feature_map,
        "hasImage": case.has_picture,
    }


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
