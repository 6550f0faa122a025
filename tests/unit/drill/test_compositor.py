import numpy as np
import pytest

from drill.compositor import Compositor, Layer, Look, placed, visible_share
from drill.cutouts import Cutout
from drill.scenario import HEIGHT, WIDTH, Act, Pose, Walk

BLACK = np.zeros((HEIGHT, WIDTH, 3), np.float32)
PLAIN = Look(gains=(1, 1, 1), lift=0, noise=0, blur_px=0.01)


def square(level, side=100):
    rgba = np.full((side, side, 4), level, np.float32)
    rgba[:, :, 3] = 1
    return Cutout(rgba, (side / 2, side / 2), side)


def wall(left, right):
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    rgba[:, left:right, 3] = 1
    return Layer(rgba, 0, 0)


def standing(person, portrait, x, face_px):
    return Walk(person, portrait, ((0, x, face_px), (30, x, face_px)))


def filmed(*walks, foreground=None, look=PLAIN, seed=1):
    cutouts = {"dark": square(80), "bright": square(200)}
    act = Act("camera-1", walks)
    return Compositor(act, cutouts=cutouts, backdrop=BLACK, foreground=foreground, look=look, seed=seed)


def test_a_person_is_drawn_where_the_truth_says():
    picture, (face,) = filmed(standing("anna", "bright", 480, 100)).frame(50)
    rows, columns = np.nonzero(picture[:500, :, 0] > 150)
    drawn = (columns.min(), rows.min(), columns.max(), rows.max())
    assert drawn == pytest.approx(face.box, abs=6)
    assert face.visible == 1
    assert face.detectable


def test_the_nearer_person_hides_the_farther_one():
    picture, faces = filmed(standing("near", "dark", 480, 120), standing("far", "bright", 480, 90)).frame(50)
    assert [face.person for face in faces] == ["near"]
    assert picture[280, 480, 0] == pytest.approx(80, abs=3)


def test_a_foreground_hides_everybody():
    _, (face,) = filmed(standing("anna", "bright", 480, 100), foreground=wall(0, 480).rgba).frame(50)
    assert face.visible == pytest.approx(0.5, abs=0.05)
    assert not face.detectable


def test_half_a_face_beyond_the_border_is_half_visible():
    assert visible_share(Pose(0, 200, 100, 0), []) == pytest.approx(0.5, abs=0.02)
    assert visible_share(Pose(WIDTH - 1, 200, 100, 0), []) == pytest.approx(0.5, abs=0.02)
    assert visible_share(Pose(-80, 200, 100, 0), []) == 0
    assert visible_share(Pose(300, 200, 100, 0), [wall(250, 300), None]) == pytest.approx(0.5, abs=0.02)


def test_a_person_wholly_outside_is_neither_drawn_nor_told():
    assert placed(square(200), Pose(-200, 200, 100, 0)) is None
    picture, faces = filmed(standing("anna", "bright", -200, 100)).frame(50)
    assert picture[:500].max() == 0
    assert faces == []


def test_the_same_seed_gives_the_same_noise():
    noisy = Look(gains=(0.9, 1, 1.1), lift=5, noise=6, blur_px=0.8)
    walk = standing("anna", "bright", 480, 100)
    first, again, other = (filmed(walk, look=noisy, seed=seed).frame(3)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5
