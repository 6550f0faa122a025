"""Has a HEIC photo decoded by a process that may crash or hang (adapter of `heic_child`). Decodes nothing here."""

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

from backbone.errors import BadInput
from backbone.pictures.child import EXIT_REFUSED
from job_workers.photos.heic_child import HEADER, MOST_EXIF_BYTES

DECODE_SECONDS = 15.0
"""12 megapixels take 0.7 s of one core of a server of 2020 and 220 MB, the start of the process included."""
_BYTES_PER_PIXEL = 3
_MOST_TEXT_BYTES = 500


def decode_heic(raw: bytes, *, longest_side: int) -> Image.Image:
    """Return a photo upright, in RGB, no larger than `longest_side`, with its EXIF block in `info`.

    Raises:
        BadInput: it is over 40 megapixels, broken, takes too long, ends the decoder, or there is no decoder.
    """
    most = HEADER.size + MOST_EXIF_BYTES + longest_side * longest_side * _BYTES_PER_PIXEL
    with os.fdopen(os.memfd_create("heic", os.MFD_CLOEXEC), "w+b") as out:
        code = _run(raw, out.fileno(), longest_side)
        out.seek(0)
        if code == EXIT_REFUSED:
            raise _refused(out.read(_MOST_TEXT_BYTES).decode(errors="replace"))
        if code != 0:
            raise _refused("expected a photo that can be decoded, got one that ends the decoder")
        return _picture(out.read(most))


def _run(raw: bytes, out: int, longest_side: int) -> int:
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", "job_workers.photos.heic_child", str(os.getpid()), str(longest_side)],
            input=raw,
            stdout=out,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(__file__).parents[2])},  # ours holds secrets
            timeout=DECODE_SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        text = f"expected a photo that can be decoded within {DECODE_SECONDS:g} s, got one that cannot"
        raise _refused(text) from None


def _picture(told: bytes) -> Image.Image:
    width, height, exif_bytes = HEADER.unpack_from(told)
    at = HEADER.size + exif_bytes
    picture = Image.frombytes("RGB", (width, height), told[at:])
    if exif_bytes:
        picture.info["exif"] = told[HEADER.size : at]
    return picture


def _refused(text: str) -> BadInput:
    return BadInput(text, code="bad_picture")
