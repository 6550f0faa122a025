"""A crop is due when a track is newly identified, and later only for a clearly better view."""

import numpy as np
import pytest

from camera_processor.domain.crops import ABSENT, Crops, cut


def test_the_first_time_brings_a_crop():
    assert Crops().due(1, 7, quality=0.5, now=0.0) == (True, True)


def test_a_better_view_brings_another_crop_after_a_pause():
    crops = Crops()
    crops.due(1, 7, quality=0.5, now=0.0)
    assert crops.due(1, 7, quality=0.9, now=1.0) == (False, False)
    assert crops.due(1, 7, quality=0.55, now=4.0) == (False, False)
    assert crops.due(1, 7, quality=0.9, now=4.0) == (False, True)


def test_a_face_that_was_away_brings_a_crop_for_its_new_visit():
    crops = Crops()
    for tenth in range(50):
        crops.due(1, 7, quality=0.5, now=tenth / 10)
    assert crops.due(1, 7, quality=0.5, now=5.0 + ABSENT) == (False, True)
    assert crops.due(1, 7, quality=0.5, now=5.1 + ABSENT) == (False, False)


def test_another_object_on_the_track_is_told():
    crops = Crops()
    crops.due(1, 7, quality=0.5, now=0.0)
    assert crops.due(1, 8, quality=0.5, now=1.0) == (True, True)


def test_a_crop_has_a_margin_and_is_a_copy():
    image = np.zeros((100, 200, 3), dtype=np.uint8)
    crop = cut(image, np.array([50, 40, 70, 60], dtype=np.float32))
    assert crop.shape == (34, 34, 3)
    assert crop.base is None


@pytest.mark.parametrize(("box", "shape"), [([-10, -10, 10, 10], (17, 17, 3)), ([190, 90, 230, 130], (24, 24, 3))])
def test_a_face_at_the_border_is_cut_to_the_picture(box, shape):
    assert cut(np.zeros((100, 200, 3), dtype=np.uint8), np.array(box, dtype=np.float32)).shape == shape


def test_a_face_beside_the_picture_gives_no_crop():
    assert cut(np.zeros((100, 200, 3), dtype=np.uint8), np.array([900, 0, 950, 50], dtype=np.float32)) is None
