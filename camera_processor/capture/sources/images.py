"""Plays a folder of JPEG, PNG and WebP. Looks into no subfolder and decodes nothing before its header was judged."""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from backbone.errors import BadInput, NotFound, TooLarge
from camera_processor.capture.sources.pace import Picture, RealTime, Stage
from camera_processor.capture.sources.table import MAX_PIXELS, ImagesSource

MAX_BYTES = 64 << 20
FORMATS = ("JPEG", "PNG", "WEBP")


def play_images(source: ImagesSource, stage: Stage) -> Iterator[Picture | None]:
    """Yield the folder's pictures by name, once or for ever; what is no picture is refused, counted and told.

    With `fps` picture n is due n / fps after the start; without it each is stamped when it is read.
    """
    folder = Path(source.directory)
    if not folder.is_dir():
        raise NotFound(f"images: expected a folder at {folder}; there is none")
    clock, period, shown = RealTime(stage), 1.0 / (source.fps or 1.0), 0
    while True:
        before = shown
        for image in _read_all(folder, stage):
            media = shown * period if source.fps else stage.wall() - clock.started_at
            if source.fps is None or clock.is_due(media, period=period):
                yield Picture(image, clock.started_at + media, clock.started_at)
            else:
                yield None
            shown += 1
        if shown == before:
            raise BadInput(f"images: expected at least one JPEG, PNG or WebP in {folder}; {stage.refused} were refused")
        if not source.loop:
            return


def _read_all(folder: Path, stage: Stage) -> Iterator[NDArray[np.uint8]]:
    for path in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and not entry.is_dir()):
        try:
            image = read_image(path)
        except (BadInput, OSError) as error:
            stage.refused += 1
            sys.stderr.write(f"refused {path.name!r}: {error}\n")
        else:
            yield image


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
