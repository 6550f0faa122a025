import numpy as np
import pytest
from PIL import Image

from benchmarks.accuracy import main
from benchmarks.error_rates import Pairs, Rate


def at(*leading):
    row = np.zeros(128, np.float32)
    row[: len(leading)] = leading
    return row


def test_pairs_of_one_person_and_of_two_are_told_apart():
    pairs = Pairs.of(np.array([at(0), at(0.4), at(0, 0.9)]), ["ann", "ann", "bob"])
    assert pairs.same.tolist() == pytest.approx([0.4])
    assert pairs.different.tolist() == pytest.approx([0.9, np.hypot(0.4, 0.9)])
    assert (pairs.fmr(0.5), pairs.fnmr(0.5)) == (Rate(0, 2), Rate(0, 1))
    assert (pairs.fmr(0.95), pairs.fnmr(0.3)) == (Rate(1, 2), Rate(1, 1))


def test_no_error_in_few_pairs_does_not_mean_no_error():
    low, high = Rate(0, 10).bounds
    assert low == 0
    assert 0.25 < high < 0.31
    assert Rate(0, 0).bounds == (0.0, 1.0)
    assert Rate(500, 1000).bounds == pytest.approx((0.469, 0.531), abs=1e-3)


def test_a_folder_of_people_gives_rates_and_a_plot(pictures, tmp_path, capsys):
    for person, names in {"obama": ["obama", "obama2", "obama3"], "biden": ["biden"], "nobody": []}.items():
        (tmp_path / person).mkdir()
        for name in names:
            Image.fromarray(pictures[name]).resize((600, 800)).save(tmp_path / person / f"{name}.jpg")
    Image.new("RGB", (300, 300)).save(tmp_path / "nobody" / "empty.png")
    (tmp_path / "nobody" / "broken.jpg").write_bytes(b"no picture")
    kept = tmp_path / "kept"
    for _ in range(2):
        assert main([str(tmp_path), "--plot", str(tmp_path / "plot.png"), "--kept", str(kept)]) == 0
        printed = capsys.readouterr().out
        assert "4 photos of 2 people" in printed
        assert "empty.png: no face" in printed
        assert "broken.jpg" in printed
        assert "| 0.60 | 0/3 = 0.0%" in printed
        assert "too few people for more" in printed
    assert Image.open(tmp_path / "plot-dlib.png").size == (960, 600)
    assert Image.open(tmp_path / "plot-sface.png").size == (960, 600)
    assert len(list(kept.iterdir())) == 2


def test_too_few_photos_are_said_to_be_too_few(tmp_path, capsys):
    assert main([str(tmp_path), "--kept", str(tmp_path / "kept")]) == 2
    assert "expected two people and two photos of one of them, got 0 faces" in capsys.readouterr().out
