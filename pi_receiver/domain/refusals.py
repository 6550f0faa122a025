"""What a Pi is refused with: the HTTP status and the text that legacy senders read (WIRE section 3).

SearchlightError
|- BadInput
|  |- FieldMissing    a field is missing or empty              412, text 412
|  |- WrongKind       the suffix is not allowed                415, text 415
|  |- Mismatch        the bytes do not have the digest         422, text 500
|- NotAuthenticated
|  |- Unlisted        id, key, station or channel not valid    401, text 401
|- Unavailable
|  |- NoSpace         the disk's reserve would be touched      507, text 507
|- ChunkMismatch      a piece does not have its digest         460 (tus)
|- Busy               the upload is still being written        423
|- WrongMethod        the override names none of the resource  405
"""

from backbone.errors import BadInput, NotAuthenticated, SearchlightError, Unavailable


class FieldMissing(BadInput):
    """A field of an upload is missing or empty."""

    code = "field_missing"
    status = 412


class WrongKind(BadInput):
    """A file of a kind that is not taken."""

    code = "wrong_kind"
    status = 415


class Mismatch(BadInput):
    """What came does not have the digest that was announced; legacy senders know this as `500`."""

    code = "checksum_mismatch"
    status = 422
    legacy_text = "500"


class Unlisted(NotAuthenticated):
    """Nobody who is listed; the text never says which part of the proof is not valid."""

    code = "unlisted"


class NoSpace(Unavailable):
    """Taking this would touch the disk's reserve."""

    code = "no_space"
    status = 507


class ChunkMismatch(SearchlightError):
    """A piece of a resumable upload, or the whole, does not have the digest that was announced (tus, checksum)."""

    code = "checksum_mismatch"
    status = 460


class Busy(SearchlightError):
    """Another request still writes to this upload."""

    code = "busy"
    status = 423


class WrongMethod(SearchlightError):
    """The method that a request overrides its own with is none that the resource has."""

    code = "wrong_method"
    status = 405


def legacy_text(fault: SearchlightError) -> str:
    """Return the body that a legacy sender reads."""
    return str(getattr(fault, "legacy_text", fault.status))
