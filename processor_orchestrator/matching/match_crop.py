"""The picture that a worker cut out of what it matched, as it came. Does not make it safe."""

import structlog

from backbone.errors import BadInput
from backbone.pictures.cleaner import from_base64
from backbone.wire.jobs import FaceMatch


def crop_of(match: FaceMatch) -> bytes | None:
    """Return the bytes of a match's crop, as they came; None where there is none, or no base64."""
    try:
        return None if match.crop is None else from_base64(match.crop)
    except BadInput as fault:
        structlog.get_logger().warning("bad_crop", reason=fault.message)
        return None
