"""Weak views made of good photos: small, blurred by motion, dark and noisy, squeezed; it finds and compares nothing.

A photo here is cut to the face (Labeled Faces in the Wild's cut of 112 px, or one enlarged from it): its width stands
for that of the face. Strengths are such that, without more ado, one view in six (all at once) to eight in ten (blur)
are recognised.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
Weakening = Callable[[Picture, np.random.Generator], Picture]
MARGIN_SHARE = 0.25
FULL_PX, SMALL_PX = 112, 32
# Each alone, and together, where less of each is enough.
BLUR_SHARE, BLUR_SHARE_OF_ALL = 0.085, 0.07
LIGHT, LIGHT_OF_ALL = 0.12, 0.23
READ_NOISE, READ_NOISE_OF_ALL = 4.0, 3.0
SHOT_NOISE = 0.6
JPEG_QUALITY = 20


def weakened(condition: str, good: Picture, seed: tuple[int, ...]) -> Picture:
    """Return a frame as a camera might have seen it; of the same seed the same view."""
    return CONDITIONS[condition](good, np.random.default_rng(seed))


def _clean(photo: Picture, _: np.random.Generator) -> Picture:
    return photo


def _small(photo: Picture, _: np.random.Generator) -> Picture:
    return _resized(photo, SMALL_PX)


def _blurred(photo: Picture, rng: np.random.Generator) -> Picture:
    return _moved(_resized(photo, FULL_PX), rng, BLUR_SHARE)


def _dark(photo: Picture, rng: np.random.Generator) -> Picture:
    return _dimmed(_resized(photo, FULL_PX), rng, LIGHT, READ_NOISE)


def _all_at_once(photo: Picture, rng: np.random.Generator) -> Picture:
    enlarged = _resized(_resized(photo, SMALL_PX), FULL_PX)
    return _jpeg(_dimmed(_moved(enlarged, rng, BLUR_SHARE_OF_ALL), rng, LIGHT_OF_ALL, READ_NOISE_OF_ALL))


def frame(photo: Picture, seed: tuple[int, ...]) -> Picture:
    """Return the photo turned by up to 4 degrees, shifted and scaled by up to 4 %: two frames are never the same.

    Around it is what its edge shows, as much again: a face that fills the picture is another problem.
    """
    high, wide = (round(side * MARGIN_SHARE) for side in photo.shape[:2])
    rng = np.random.default_rng(seed)
    image = Image.fromarray(np.pad(photo, ((high, high), (wide, wide), (0, 0)), mode="edge"))
    side = image.width
    image = image.rotate(float(rng.uniform(-4, 4)), resample=Image.Resampling.BICUBIC)
    left, top = (float(shift) * side for shift in rng.uniform(-0.04, 0.04, 2))
    reach = side * float(rng.uniform(0.96, 1.04))
    box = (left, top, left + reach, top + reach * image.height / side)
    return np.asarray(image.transform(image.size, Image.Transform.EXTENT, box, Image.Resampling.BICUBIC))


def _resized(photo: Picture, width: int) -> Picture:
    """Return the photo with its margin, so many pixels wide without it."""
    wide = round(width * (1 + 2 * MARGIN_SHARE))
    size = wide, max(1, round(photo.shape[0] * wide / photo.shape[1]))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))


def _moved(photo: Picture, rng: np.random.Generator, share: float) -> Picture:
    """Return the mean of the photo along a line of any direction."""
    length = share * photo.shape[1] / (1 + 2 * MARGIN_SHARE) * float(rng.uniform(0.75, 1.25))
    angle = float(rng.uniform(0, np.pi))
    steps = max(2, round(length))
    image = Image.fromarray(photo)
    total = np.zeros(photo.shape, np.float64)
    for along in np.linspace(-length / 2, length / 2, steps):
        shift = (1, 0, along * np.cos(angle), 0, 1, along * np.sin(angle))
        total += np.asarray(image.transform(image.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR))
    return np.asarray(np.rint(total / steps), dtype=np.uint8)


def _dimmed(photo: Picture, rng: np.random.Generator, share: float, read_noise: float) -> Picture:
    """Return the photo in a part of its light, with the noise of few photons and of the sensor, the same on grey."""
    light = photo.astype(np.float64) * share
    noise = rng.standard_normal(photo.shape[:2])[..., None] * np.sqrt(read_noise**2 + SHOT_NOISE**2 * light)
    return np.asarray(np.clip(np.rint(light + noise), 0, 255), dtype=np.uint8)


def _jpeg(photo: Picture) -> Picture:
    held = io.BytesIO()
    Image.fromarray(photo).save(held, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(held).convert("RGB"))


CONDITIONS: Mapping[str, Weakening] = {
    "clean": _clean,
    "eyes 12 px apart": _small,
    "motion blur": _blurred,
    "dark and noisy": _dark,
    "all at once": _all_at_once,
}
