"""A case as cloudlets get it: a zip of small pictures, and for ours the embeddings as well. Does not send it."""

from collections.abc import Sequence

import msgspec

from backbone.zip_writer import write_zip
from processor_orchestrator.tracking.objects import TrackedObject

REFERENCES = "references.json"


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
    files = list(zip(photos, chips, strict=False))
    if references:
        listed = [{"photo": photo, "embedding": row} for photo, row in zip(photos, references, strict=False)]
        told: dict[str, object] = {"modelId": known.model_id, "threshold": known.threshold, "references": listed}
        told["objectId"] = known.object_id
        if known.negatives:
            told["negatives"] = known.negatives
        files.insert(0, (REFERENCES, msgspec.json.encode(told)))
    return write_zip(files)
