"""A case as cloudlets get it: a zip of small pictures, and for ours the embeddings as well. Does not send it."""

from collections.abc import Sequence

import msgspec

from backbone.zips.writer import write_zip
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.likeness import Likeness

REFERENCES = "references.json"


def job_zip(case: Case, chips: Sequence[bytes], *, likeness: Likeness | None, threshold: float | None) -> bytes | None:
    """Return the zip for a cloudlet, or None when there is nothing in it that the cloudlet can use.

    Args:
        chips: JPEGs, one for each reference where the case began with photos.
        likeness: the case as the cloudlet's workers' model knows it, which may be nothing yet; None: the cloudlet is
            a legacy one, which takes every file for a photo.
        threshold: largest distance that is a match to that model; None: the cloudlet has a default.
    """
    references = () if likeness is None else likeness.references
    if not chips and not references:
        return None
    photos = [f"reference-{number}.jpg" for number in range(1, max(len(chips), len(references)) + 1)]
    files = list(zip(photos, chips, strict=False))
    if likeness is not None and likeness.model_id is not None and (references or threshold is not None):
        listed = [{"photo": photo, "embedding": row} for photo, row in zip(photos, references, strict=False)]
        told: dict[str, object] = {"modelId": likeness.model_id, "threshold": threshold, "references": listed}
        told["objectId"] = case.case_id
        if likeness.negatives:
            told["negatives"] = likeness.negatives
        files.insert(0, (REFERENCES, msgspec.json.encode(told)))
    return write_zip(files)
