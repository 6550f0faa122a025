"""Pictures are compressed at the size that was asked for, and drawn on copies."""

import io

import numpy as np
import pytest
from PIL import Image

from camera_processor.domain.results import TrackedBox
from camera_processor.pictures_cv2 import (
    MAX_CROP_SIDE,
    SOUGHT_COLOUR,
    UNKNOWN_COLOUR,
    crop_jpeg,
    jpeg_of,
    overlay,
    picture_of,
)

RED = (250, 10, 10)


def painted(width, height, colour=RED):
    return np.full((height, width, 3), colour, np.uint8)


def size_of(jpeg):
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return image.size


@pytest.mark.parametrize(
    ("width", "size"), [(None, (160, 90)), (80, (80, 45)), (160, (160, 90)), (500, (160, 90)), (1, (1, 1))]
)
def test_a_picture_is_made_smaller_and_never_larger(width, size):
    assert size_of(jpeg_of(painted(160, 90), width=width)) == size


def test_red_stays_red_there_and_back():
    colour = picture_of(jpeg_of(painted(32, 32))).mean(axis=(0, 1))
    assert np.abs(colour - RED).max() < 12


def test_a_better_quality_costs_bytes():
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    assert len(jpeg_of(noise, quality=95)) > len(jpeg_of(noise, quality=20))


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 400), (40, 30), (1000, 2)])
def test_a_crop_is_small_and_keeps_its_shape(width, height):
    made = size_of(crop_jpeg(painted(width, height)))
    assert max(made) == min(MAX_CROP_SIDE, max(width, height))
    assert min(made) == pytest.approx(max(1, min(width, height) * max(made) / max(width, height)), abs=1)


@pytest.mark.parametrize("data", [b"<svg/>", b"\xff\xd8\xff"])
def test_bytes_that_are_no_jpeg_are_refused(data):
    with pytest.raises(ValueError, match="expected a JPEG"):
        picture_of(data)


def test_boxes_are_drawn_on_a_copy_in_the_colour_of_what_they_carry():
    image = np.zeros((100, 200, 3), np.uint8)
    unknown = TrackedBox(1, (0.1, 0.3, 0.3, 0.9), 0.9, None, None, newly_identified=False, crop=None)
    sought = TrackedBox(2, (0.6, 0.3, 0.8, 0.9), 0.9, 7, 0.31, newly_identified=False, crop=None)
    drawn = overlay(image, [unknown, sought])
    assert not image.any()
    assert tuple(drawn[60, 20]) == UNKNOWN_COLOUR
    assert tuple(drawn[60, 120]) == SOUGHT_COLOUR
    assert not drawn[60, 40].any(), "only the edge is drawn"
