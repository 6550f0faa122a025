"""Draws and compresses with OpenCV; the arrays themselves come from elsewhere and stay untouched."""

from collections.abc import Iterable

import cv2
import numpy as np

from camera_processor.domain.results import Picture, TrackedBox

UNKNOWN_COLOUR = (230, 230, 230)
SOUGHT_COLOUR = (60, 160, 255)
MAX_CROP_SIDE = 128


def jpeg_of(image: Picture, *, width: int | None = None, quality: int = 80) -> bytes:
    """Return a JPEG of an RGB picture, (h, w, 3) uint8, at most `width` pixels wide."""
    if width is not None and image.shape[1] > width:
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"expected a picture that can be compressed, got one of shape {image.shape}")
    return data.tobytes()


def crop_jpeg(crop: Picture) -> bytes:
    """Return a small JPEG, some kilobytes, of a face crop, (h, w, 3) uint8 RGB."""
    side = max(crop.shape[:2])
    return jpeg_of(crop, width=max(1, round(crop.shape[1] * min(1.0, MAX_CROP_SIDE / side))), quality=85)


def picture_of(jpeg: bytes) -> Picture:
    """Return the RGB picture, (h, w, 3) uint8, of a clean JPEG."""
    image = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("expected a JPEG, got bytes that are none")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def overlay(image: Picture, boxes: Iterable[TrackedBox]) -> Picture:
    """Return a copy of an RGB picture with the boxes drawn in."""
    drawn = image.copy()
    height, width = drawn.shape[:2]
    for box in boxes:
        x1, y1, x2, y2 = (round(v * scale) for v, scale in zip(box.rect, (width, height) * 2, strict=True))
        colour = UNKNOWN_COLOUR if box.object_id is None else SOUGHT_COLOUR
        text = f"{box.box_id}" if box.object_id is None else f"object {box.object_id}  {box.distance or 0:.2f}"
        cv2.rectangle(drawn, (x1, y1), (x2, y2), colour, 2)
        cv2.putText(drawn, text, (x1, max(14, y1 - 6)), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return drawn
