"""A case as cloudlets get it: a zip of small pictures, and for ours the embeddings as well. Does not send it."""

import io
import zipfile
from collections.abc import Sequence

import msgspec

from processor_orchestrator.tracking.objects import TrackedObject

REFERENCES = "references.json"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The same case makes the same bytes, so that what is sent again can be recognised."""


def job_zip(known: TrackedObject, chips: Sequence[bytes], *, ours: bool) -> bytes | None:
    """Return the zip for a cloudlet, or None when there is nothing in it that the cloudlet can use.

    Args:
        chips: JPEGs, one for each reference where the case began with photos.
        ours: whether the cloudlet reads references; a legacy one takes every file for a photo.
    """
    references = known.references if ours and known.model_id is not None else ()
    if not chips and not references:
        return None
    photos = [f"reference-{number}.jpg" for number in range(1, max(len(chips), len(references)) + 1)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        if references:
            listed = [
                {"photo": photo, "embedding": row}
                for photo, row in zip(photos[: len(references)], references, strict=True)
            ]
            told = {"modelId": known.model_id, "threshold": known.threshold, "references": listed}
            archive.writestr(zipfile.ZipInfo(REFERENCES, FIRST_DAY), msgspec.json.encode(told))
        for photo, chip in zip(photos, chips, strict=False):
            archive.writestr(zipfile.ZipInfo(photo, FIRST_DAY), chip)
    return out.getvalue()
