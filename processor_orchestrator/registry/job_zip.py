"""A case as cloudlets get it: a zip of small pictures, and for ours the embeddings as well. Does not send it."""

from collections.abc import Sequence

import msgspec

from backbone.zips.writer import write_zip
from processor_orchestrator.domain.case import Case

REFERENCES = "references.json"


def job_zip(case: Case, chips: Sequence[bytes], *, ours: bool) -> bytes | None:
    """Return the zip for a cloudlet, or None when there is nothing in it that the cloudlet can use.

    Args:
        chips: JPEGs, one for each reference where the case began with photos.
        ours: whether the cloudlet reads references; a legacy one takes every file for a photo.
    """
    references = case.references if ours and case.model_id is not None else ()
    if not chips and not references:
        return None
    photos = [f"reference-{number}.jpg" for number in range(1, max(len(chips), len(references)) + 1)]
    files = list(zip(photos, chips, strict=False))
    if references:
        listed = [{"photo": photo, "embedding": row} for photo, row in zip(photos, references, strict=False)]
        told: dict[str, object] = {"modelId": case.model_id, "threshold": case.threshold, "references": listed}
        told["objectId"] = case.case_id
        if case.negatives:
            told["negatives"] = case.negatives
        files.insert(0, (REFERENCES, msgspec.json.encode(told)))
    return write_zip(files)
