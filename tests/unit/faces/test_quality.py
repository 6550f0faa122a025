import numpy as np
import pytest
from PIL import Image, ImageFilter

from benchmarks.error_views import frame, weakened
from faces import Faces
from faces.quality import MEASURES, TERMS, measured, pose, quality, terms

SFACE = "sface-2021dec-x"


def drawn(side=160):
    """A face of sorts: enough edges in all directions to be blurred."""
    rng = np.random.default_rng(3)
    small = rng.integers(40, 220, (side // 8, side // 8), dtype=np.uint8)
    grey = np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))
    return np.repeat(grey[:, :, None], 3, axis=2)


def face(side=160, score=0.9):
    points = np.array([[0.35, 0.35], [0.65, 0.35], [0.5, 0.55], [0.38, 0.75], [0.62, 0.75]]) * side
    return Faces(np.array([[0, 0, side, side]]), np.array([score]), points[None])


def measure(picture, found=None):
    return dict(zip(MEASURES, measured(picture, found or face(picture.shape[1]))[0], strict=True))


def moved(picture, length):
    return np.mean([np.roll(picture, step, axis=1) for step in range(length)], axis=0).astype(np.uint8)


def test_size_and_score_are_those_of_the_detector():
    seen = measure(drawn(), face(score=0.71))
    assert seen["size"] == pytest.approx(np.log2(160))
    assert seen["score"] == pytest.approx(0.71)


def test_motion_takes_detail_in_one_direction():
    still, blurred = measure(drawn()), measure(moved(drawn(), 24))
    assert blurred["weakest"] < still["weakest"] - 0.5
    assert measure(np.asarray(Image.fromarray(drawn()).filter(ImageFilter.GaussianBlur(6))))["detail"] < still["detail"]


def test_noise_is_told_from_detail():
    rng, picture = np.random.default_rng(1), drawn()
    noisy = np.clip(picture + rng.normal(0, 40, picture.shape[:2])[..., None], 0, 255).astype(np.uint8)
    assert measure(noisy)["noise"] > 2 * measure(picture)["noise"]


def test_light_and_contrast_fall_in_the_dark():
    bright, dark = measure(drawn()), measure(drawn() // 8)
    assert dark["light"] < bright["light"] / 6
    assert dark["contrast"] < bright["contrast"] / 6


def test_a_frontal_face_has_no_yaw_and_a_turned_one_has():
    points = face().landmarks
    turned = points.copy()
    turned[0, 2, 0] += 24
    assert pose(points)[0] == pytest.approx([0, 0], abs=1e-3)
    assert pose(turned)[0, 0] > 0.5
    angle = np.radians(30)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert pose((turned @ spin.T).astype(np.float32)) == pytest.approx(pose(turned), abs=1e-3)


@pytest.mark.parametrize("box", [[-50, -50, 5, 5], [150, 150, 400, 400], [10, 10, 12, 12], [-90, -90, -10, -10]])
def test_a_face_at_the_edge_beyond_it_or_tiny_gets_finite_measures(box):
    row = measured(drawn(), Faces(np.array([box]), np.array([0.7]), np.zeros((1, 5, 2))))
    assert np.isfinite(row).all()
    assert 0.05 <= quality(row, SFACE)[0] <= 0.9


def test_no_faces_have_no_measures():
    assert measured(drawn(), Faces.none()).shape == (0, len(MEASURES))
    assert quality(np.empty((0, len(MEASURES))), SFACE).shape == (0,)
    assert terms(np.zeros((2, len(MEASURES)))).shape == (2, len(TERMS))


@pytest.mark.parametrize("model_id", [SFACE, "dlib-resnet-v1-x"])
def test_weak_views_have_a_lower_quality_than_good_ones(sface, pictures, model_id):
    good = frame(np.asarray(Image.fromarray(pictures["obama"]).convert("L").convert("RGB").resize((350, 440))), (1,))
    found = sface.detect(good, 40).pick([0])

    def of(condition):
        weak = weakened(condition, good, (1,))
        share = np.float32(weak.shape[1] / good.shape[1])
        return quality(
            measured(weak, Faces(found.boxes * share, found.confidences, found.landmarks * share)), model_id
        )[0]

    assert of("clean") > of("motion blur")
    assert of("clean") > of("dark and noisy") > of("all at once") - 0.1
    assert of("clean") > of("eyes 12 px apart")


def test_an_embedder_of_which_nothing_was_measured_is_refused():
    with pytest.raises(ValueError, match=r"sface-\.\.\., dlib-"):
        quality(np.zeros((1, len(MEASURES))), "arcface-1")
