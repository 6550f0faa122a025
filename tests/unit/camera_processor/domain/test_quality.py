"""A larger, more frontal, sharper view of a face is the better one."""

import numpy as np
import pytest

from camera_processor.domain.quality import frontalness, sharpness, view_quality

FRONTAL = np.array([[70, 40], [58, 40], [30, 40], [42, 40], [50, 62]], dtype=np.float32)
TURNED = np.array([[70, 40], [61, 40], [34, 40], [48, 40], [66, 62]], dtype=np.float32)
BOX = np.array([10, 10, 90, 90], dtype=np.float32)


def textured(height=100, width=100):
    """Patches of 20 pixels, light and dark as cheeks, brows and hair are, with texture on them."""
    generator = np.random.default_rng(2)
    patches = np.kron(generator.integers(40, 180, (height // 20, width // 20)), np.ones((20, 20)))
    texture = generator.integers(0, 70, (height, width))
    return np.repeat((patches + texture)[..., None], 3, axis=2).astype(np.uint8)


def blurred(image):
    soft = image.astype(float)
    for _ in range(4):
        for axis in (0, 1):
            soft = (soft + np.roll(soft, 1, axis) + np.roll(soft, -1, axis)) / 3
    return soft.astype(np.uint8)


def test_a_turned_head_is_less_frontal():
    assert frontalness(FRONTAL) > 0.9
    assert frontalness(TURNED) < 0.5 * frontalness(FRONTAL)


def test_a_tilted_head_is_as_frontal_as_an_upright_one():
    tilt = np.array([[0.8, -0.6], [0.6, 0.8]])
    assert frontalness(FRONTAL @ tilt) == pytest.approx(frontalness(FRONTAL))


def test_a_blurred_face_is_less_sharp():
    assert sharpness(blurred(textured()), BOX) < 0.6 * sharpness(textured(), BOX)


def test_a_larger_face_is_the_better_view():
    image = textured(300, 300)
    assert view_quality(image, BOX * 0.5, FRONTAL) < view_quality(image, BOX, FRONTAL)


@pytest.mark.parametrize("box", [[-50, -50, -10, -10], [99, 99, 300, 300], [20, 20, 20, 20]])
def test_a_box_beside_the_picture_is_no_view_but_no_fault(box):
    assert 0.0 <= view_quality(textured(), np.array(box, dtype=np.float32), FRONTAL) <= 1.0
    assert sharpness(textured(), np.array(box, dtype=np.float32)) == 0.0


def test_eyes_in_one_point_are_no_view():
    assert frontalness(np.zeros((5, 2))) == 0.0


def test_a_flat_face_is_not_sharp():
    assert sharpness(np.full((100, 100, 3), 128, dtype=np.uint8), BOX) == 0.0
