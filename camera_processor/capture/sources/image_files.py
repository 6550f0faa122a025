"""Reads a picture's file with Pillow. Decodes nothing before its header was judged."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from backbone.errors import BadInput, TooLarge
from camera_processor.capture.sources.kind import MAX_PIXELS

MAX_BYTES = 64 << 20
FORMATS = ("JPEG", "PNG", "WEBP")


def read_image(path: Path) -> NDArray[np.uint8]:
    """Return a picture upright as (h, w, 3) uint8 RGB; raises BadInput for all that is no sound picture."""
    if not path.is_file():  # a FIFO would be waited on for ever
        raise BadInput("expected a plain file")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise TooLarge(f"expected at most {MAX_BYTES} bytes; got {size}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bomb warning: our cap is stricter
            with Image.open(path, formats=FORMATS) as image:
                return _decode(image)
    except BadInput:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own cap comes first for the largest
        raise TooLarge(f"expected at most {MAX_PIXELS} pixels; {error}") from error
    except Exception as error:  # Pillow's decoders raise nearly anything on hostile bytes
        raise BadInput(f"expected a sound JPEG, PNG or WebP; {type(error).__name__}: {error}") from error


def _decode(image: Image.Image) -> NDArray[np.uint8]:
    if image.width * image.height > MAX_PIXELS:
        raise TooLarge(f"expected at most {MAX_PIXELS} pixels; got {image.width}x{image.height}")
    return np.array(ImageOps.exif_transpose(_eight_bit(image)).convert("RGB"))


def _eight_bit(image: Image.Image) -> Image.Image:
    """Return 16-bit grey as 8-bit grey, which Pillow would clip instead of scale."""
    if not image.mode.startswith("I"):
        return image
    scaled = Image.fromarray((np.asarray(image, np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    scaled.getexif().update(image.getexif())
    return scaled
