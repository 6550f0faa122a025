import dlib
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from faces.weights import CNN_DETECTOR, weights_path


@pytest.fixture(scope="module")
def dlib_cnn():
    return dlib.cnn_face_detection_model_v1(str(weights_path(CNN_DETECTOR)))


def found_by_dlib(dlib_cnn, picture):
    found = list(dlib_cnn(picture, 0))
    boxes = np.array([(f.rect.left(), f.rect.top(), f.rect.right(), f.rect.bottom()) for f in found], dtype=np.float64)
    return boxes.reshape(-1, 4), np.array([f.confidence for f in found])


def iou(one, others):
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    return shared / (np.prod(one[2:] - one[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared)


def assert_same_faces(ours, theirs, *, overlap=0.95, apart=1e-3):
    (boxes, scores), (their_boxes, their_scores) = ours, theirs
    assert len(boxes) == len(their_boxes), (boxes, scores, their_boxes, their_scores)
    for box, score in zip(their_boxes, their_scores, strict=True):
        overlaps = iou(box, boxes)
        assert overlaps.max() >= overlap, (box, boxes)
        assert abs(scores[overlaps.argmax()] - score) < apart


def resized(picture, height):
    image = Image.fromarray(picture)
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


def scene(size, *placed, noise=12):
    """A noisy picture (width, height) with pictures at places xy, which may be beyond its edges."""
    width, height = size
    canvas = np.random.default_rng(width).normal(110, noise, (height, width, 3)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(canvas)
    for picture, place in placed:
        image.paste(picture, place)
    return np.asarray(image)


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
@pytest.mark.parametrize("height", [230, 620])
def test_a_portrait_has_dlib_s_faces(thorough, dlib_cnn, pictures, name, height):
    picture = np.asarray(resized(pictures[name], height))
    ours = thorough.find(picture, *picture.shape[:2])
    assert len(ours[0]) >= (height > 600)
    assert_same_faces(ours, found_by_dlib(dlib_cnn, picture))


@pytest.mark.parametrize("size", [(480, 270), (270, 480)], ids=["landscape", "portrait"])
@pytest.mark.parametrize("corner", [(-60, -50), (330, -50), (-60, 130), (300, 150), (100, 60)])
def test_faces_cut_off_at_the_edges_are_dlib_s(thorough, dlib_cnn, pictures, size, corner):
    width, height = size
    place = (round(corner[0] * width / 480), round(corner[1] * height / 270))
    picture = scene(size, (resized(pictures["obama"], 260), place))
    assert_same_faces(thorough.find(picture, height, width), found_by_dlib(dlib_cnn, picture))


def test_several_faces_of_several_sizes_are_dlib_s(thorough, dlib_cnn, pictures):
    placed = [("obama", 330, (10, 20)), ("astronaut", 470, (230, -40)), ("biden", 700, (520, -20))]
    picture = scene((760, 420), *((resized(pictures[name], height), place) for name, height, place in placed))
    ours = thorough.find(picture, *picture.shape[:2])
    assert len(ours[0]) == 3
    assert_same_faces(ours, found_by_dlib(dlib_cnn, picture))


def test_a_blurred_and_dark_face_is_dlib_s(thorough, dlib_cnn, pictures):
    image = resized(pictures["obama3"], 520).filter(ImageFilter.GaussianBlur(3)).point(lambda value: value // 3)
    picture = np.asarray(image)
    assert_same_faces(thorough.find(picture, *picture.shape[:2]), found_by_dlib(dlib_cnn, picture))


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
@pytest.mark.parametrize("height", [300, 377, 450, 540, 650])
def test_the_quick_search_finds_a_whole_face_as_the_thorough_one_does(thorough, quick, pictures, name, height):
    picture = scene((700, 700), (resized(pictures[name], height), (90, 60)))
    assert_same_faces(quick.find(picture, 700, 700), thorough.find(picture, 700, 700), overlap=0.6, apart=0.1)


def test_the_quick_search_finds_a_crowd(thorough, quick, pictures):
    face = resized(pictures["astronaut"], 512).crop((150, 0, 310, 230))
    crowd = scene((660, 460), *((face, (x, y)) for x in range(0, 660, 165) for y in (0, 230)))
    ours = quick.find(crowd, 460, 660)
    assert len(ours[0]) >= 7
    assert_same_faces(ours, thorough.find(crowd, 460, 660), overlap=0.6, apart=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_the_quick_search_misses_no_face_of_a_hard_scene(thorough, quick, pictures, seed):
    rng = np.random.default_rng(seed)
    placed = []
    for name in rng.choice(["obama", "obama2", "obama3", "biden"], 3):
        face = ImageEnhance.Brightness(resized(pictures[name], int(rng.integers(300, 700)))).enhance(
            rng.uniform(0.3, 1)
        )
        face = face.rotate(rng.uniform(-15, 15)).filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5)))
        placed.append((face, (int(rng.integers(-100, 600)), int(rng.integers(-60, 200)))))
    picture = scene((860, 560), *placed)
    boxes, _ = quick.find(picture, 560, 860)
    for box in thorough.find(picture, 560, 860)[0]:
        assert iou(box, boxes).max() >= 0.4, (box, boxes)


def test_an_enlarged_picture_shows_small_faces_too(quick, pictures):
    picture = scene((400, 300), (resized(pictures["obama"], 190), (60, 40)))
    assert len(quick.find(picture, 300, 400)[0]) == 0
    boxes, scores = quick.find(picture, 600, 800)
    assert len(boxes) == 1
    assert scores[0] > 0.9


def test_the_same_detector_takes_pictures_of_all_sizes_one_after_the_other(thorough, pictures):
    picture = np.asarray(resized(pictures["obama"], 400))
    first = thorough.find(picture, *picture.shape[:2])
    for size in [(20, 20), (31, 900), (900, 31), (500, 700)]:
        thorough.find(np.full((*size, 3), 255, np.uint8), *size)
    again = thorough.find(picture, *picture.shape[:2])
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
