import numpy as np
import pytest

from faces.relight import DARK, relit


@pytest.fixture
def chip():
    rows = np.linspace(40, 220, 112)[:, None] + 20 * np.sin(np.arange(112) / 6)[None]
    return np.repeat(np.clip(rows, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def test_a_lit_face_stays_as_it_is(chip):
    assert relit(chip) is chip
    grey = np.full((112, 112, 3), DARK, np.uint8)
    assert relit(grey) is grey


def test_a_dark_noisy_face_gets_nearer_to_the_lit_one(chip):
    dark = chip * 0.12 + np.random.default_rng(1).normal(0, 4, chip.shape[:2])[..., None]
    dark = np.clip(np.rint(dark), 0, 255).astype(np.uint8)
    lit = relit(dark)
    assert lit.shape == chip.shape
    assert lit.dtype == np.uint8

    def alike(one):
        return np.corrcoef(one.ravel().astype(float), chip.ravel().astype(float))[0, 1]

    assert alike(lit) > alike(dark) + 0.1
    assert lit.max() > 200


@pytest.mark.parametrize("value", [0, 7])
def test_a_face_without_any_contrast_gets_none(value):
    assert np.ptp(relit(np.full((112, 112, 3), value, np.uint8))) == 0
