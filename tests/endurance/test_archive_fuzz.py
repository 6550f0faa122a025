"""R8: 100,000 mutated zips and pictures; the limits hold, nothing is written. Prints its seed and what was taken."""

import random

from PIL import Image
from tests.unit.backbone.test_archive_fuzz import MOST_GROWN_KIB, check_pictures, check_zips, peak_kib

EACH = 50_000
SEED: int | None = None


def test_a_hundred_thousand_mutated_zips_and_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000_000)
    seed = random.SystemRandom().getrandbits(64) if SEED is None else SEED
    draw, before = random.Random(seed), peak_kib()
    zips, pictures = check_zips(draw, EACH), check_pictures(draw, EACH)
    print(f"\nR8: seed={seed} zips taken={zips}/{EACH} pictures taken={pictures}/{EACH}")  # noqa: T201
    assert 0 < zips < EACH
    assert 0 < pictures < EACH
    assert peak_kib() - before < MOST_GROWN_KIB
    assert list(tmp_path.iterdir()) == []
