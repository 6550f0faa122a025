"""The pictures that workers cut out of what they looked at, made safe. Looks for no face."""

import structlog

from backbone.errors import BadInput
from backbone.pictures import PictureCleaner, from_base64
from backbone.wire.jobs import FaceMatch


async def crop_of(match: FaceMatch, cleaner: PictureCleaner) -> bytes | None:
    """Return a match's crop as a JPEG that is safe to store and to serve; None where there is none."""
    if match.crop is None:
        return None
    try:
        return (await cleaner.clean(from_base64(match.crop))).jpeg
    except BadInput as fault:
        structlog.get_logger().warning("bad_crop", reason=fault.message)
        return None
