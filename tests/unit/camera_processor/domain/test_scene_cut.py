"""Another place is a cut; light, noise, and who passes close to the camera are none."""

import numpy as np
import pytest

from camera_processor.domain.scene_cut import CUT, SceneCut, changed, thumbnail


def place(seed, height=360, width=640):
    """A room: surfaces of different light."""
    surfaces = np.random.default_rng(seed).integers(30, 220, (6, 8))
    rows, columns = np.arange(height) * 6 // height, np.arange(width) * 8 // width
    return surfaces[rows[:, None], columns][..., None].repeat(3, axis=2).astype(np.uint8)


def cuts(*pictures):
    scene = SceneCut()
    return [scene.seen(picture) for picture in pictures]


def test_the_first_picture_is_no_cut_and_the_same_place_is_none():
    assert cuts(place(1), place(1)) == [False, False]


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_place_is_a_cut(seed):
    assert cuts(place(1), place(seed), place(seed)) == [False, True, False]


@pytest.mark.parametrize("gain", [0.25, 0.6, 1.15])
def test_a_change_of_light_is_no_cut(gain):
    assert cuts(place(1), (place(1) * gain).clip(0, 255).astype(np.uint8)) == [False, False]


def test_noise_is_no_cut():
    noisy = place(1) + np.random.default_rng(3).normal(0, 25, (360, 640, 3))
    assert cuts(place(1), noisy.clip(0, 255).astype(np.uint8)) == [False, False]


def test_somebody_who_hides_a_quarter_of_the_picture_is_no_cut():
    crossed = place(1)
    crossed[90:, 200:400] = 20
    assert cuts(place(1), crossed, place(1)) == [False, False, False]


def test_a_picture_in_another_size_is_no_cut():
    assert cuts(place(1), place(1)[::2, ::2]) == [False, False]


def test_a_dark_pause_is_bridged_in_both_directions():
    dark = np.zeros((360, 640, 3), dtype=np.uint8)
    assert cuts(place(1), dark, place(1)) == [False] * 3
    assert cuts(place(1), dark, place(2)) == [False, False, True]
    assert thumbnail(dark) is None


def test_tiny_pictures_have_thumbnails_too():
    assert thumbnail(place(1)[:5, :4]) is None or changed(*[thumbnail(place(1)[:5, :4])] * 2) == 0.0
    assert changed(thumbnail(place(1)), thumbnail(place(2))) > CUT
