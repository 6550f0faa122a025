"""Decodes one HEIC photo in a process of its own, for damaged ones end the decoder: seen with pi-heif 1.4.0.

`python -m job_workers.photos.heic_child PARENT LONGEST_SIDE` reads the file from its standard input and writes to its
standard output `HEADER` (width, height, bytes of EXIF), the EXIF block and the picture, upright, RGB; a text that says
why there is none when it exits with `EXIT_REFUSED`. Started by `heic_process`, by nobody else.
"""

import io
import struct
import sys

from PIL import Image

from backbone.die_with_parent import die_with_parent
from backbone.pictures.child import EXIT_REFUSED, MAX_PIXELS, limit_this_process
from backbone.pictures.heif import NO_DECODER, learn_heif
from backbone.pictures.kinds import HEIF

HEADER = struct.Struct(">III")
MOST_EXIF_BYTES = 1_048_576


class _RefusedError(Exception):
    """There is no picture to be had."""


def decoded(raw: bytes, longest_side: int) -> bytes:
    """Return the header, the EXIF block and the pixels of a HEIC photo.

    Raises:
        Exception: of nearly any kind, with a text that says what was wrong.
    """
    if not learn_heif():
        raise _RefusedError(f"expected another photo, got {NO_DECODER}")
    with Image.open(io.BytesIO(raw), formats=[HEIF]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _RefusedError(f"expected at most 40 megapixels, got {image.width} x {image.height}")
        exif = image.info.get("exif") or b""
        exif = exif if len(exif) <= MOST_EXIF_BYTES else b""
        picture = image.convert("RGB")
    picture.thumbnail((longest_side, longest_side))
    return HEADER.pack(*picture.size, len(exif)) + exif + picture.tobytes()


def main() -> int:
    """Decode the standard input; return the exit code."""
    die_with_parent(parent=int(sys.argv[1]))
    limit_this_process()
    raw, out = sys.stdin.buffer.read(), sys.stdout.buffer
    try:
        out.write(decoded(raw, int(sys.argv[2])))
    except _RefusedError as fault:
        out.write(str(fault).encode())
    except Exception as fault:  # noqa: BLE001 - decoders raise nearly anything on hostile bytes
        out.write(f"expected a whole HEIC photo, got a broken one: {fault}".strip().encode())
    else:
        return 0
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main())
