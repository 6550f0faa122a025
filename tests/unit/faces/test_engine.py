import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import faces
from tests.unit.faces.oracle import face_recognition


def shrunk(picture, width):
    return np.asarray(Image.fromarray(picture).resize((width, round(width * picture.shape[0] / picture.shape[1]))))


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
def test_encodings_equal_those_of_face_recognition(hog, pictures, name):
    picture = pictures[name]
    found = hog.detect(picture, min_face_px=80)
    places = [(round(y1), round(x2), round(y2), round(x1)) for x1, y1, x2, y2 in found.boxes.tolist()]
    theirs = face_recognition.face_encodings(picture, places, num_jitters=1, model="small")
    ours = hog.encode(picture, found)
    assert ours.shape == (len(found), 128)
    assert ours.dtype == np.float32
    assert len(theirs) == len(found) >= 1
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_boxes_at_scale_one_are_those_of_face_recognition(hog, pictures):
    picture = pictures["obama2"]
    (top, right, bottom, left) = face_recognition.face_locations(picture, number_of_times_to_upsample=0)[0]
    np.testing.assert_array_equal(hog.detect(picture, min_face_px=80).boxes, [[left, top, right, bottom]])


def test_two_pictures_of_one_person_are_near_and_two_persons_are_far(hog, pictures):
    row = {name: hog.encode(picture, hog.detect(picture, 80).pick([0]))[0] for name, picture in pictures.items()}
    assert np.linalg.norm(row["obama"] - row["obama2"]) < 0.5
    assert np.linalg.norm(row["obama3"] - row["obama2"]) < 0.5
    assert np.linalg.norm(row["biden"] - row["obama2"]) > 0.7
    assert np.linalg.norm(row["astronaut"] - row["obama2"]) > 0.7


def test_a_face_of_45_pixels_is_found_only_when_so_small_faces_are_asked_for(hog, pictures):
    picture = pictures["obama"]
    whole = hog.detect(picture, min_face_px=80)
    factor = 45 / (whole.boxes[0, 2] - whole.boxes[0, 0])
    small = shrunk(picture, round(picture.shape[1] * factor))
    assert len(hog.detect(small, min_face_px=80)) == 0
    found = hog.detect(small, min_face_px=40)
    assert len(found) == 1
    np.testing.assert_allclose(found.boxes[0], whole.boxes[0] * factor, atol=6)


def test_boxes_of_a_search_in_the_reduced_picture_are_in_the_pictures_own_pixels(hog, pictures):
    picture = pictures["obama3"]
    fine, coarse = hog.detect(picture, min_face_px=80), hog.detect(picture, min_face_px=200)
    assert len(fine) == len(coarse) == 1
    np.testing.assert_allclose(coarse.boxes, fine.boxes, atol=30)
    np.testing.assert_allclose(coarse.landmarks, fine.landmarks, atol=15)


def test_landmarks_lie_inside_of_a_frontal_face(hog, pictures):
    found = hog.detect(pictures["obama"], min_face_px=80)
    (x1, y1, x2, y2), points = found.boxes[0], found.landmarks[0]
    assert (points > [x1, y1]).all()
    assert (points < [x2, y2]).all()


def test_the_cnn_finds_the_face_that_hog_finds(cnn, hog, pictures):
    small = shrunk(pictures["obama"], 320)
    by_cnn, by_hog = cnn.detect(small, min_face_px=80), hog.detect(small, min_face_px=80)
    assert cnn.detector == "cnn"
    assert len(by_cnn) == len(by_hog) == 1
    np.testing.assert_allclose(by_cnn.boxes, by_hog.boxes, atol=20)
    assert np.linalg.norm(cnn.encode(small, by_cnn) - hog.encode(small, by_hog)) < 0.3


def test_a_picture_that_is_not_contiguous_gives_the_same_faces(hog, pictures):
    picture = pictures["obama"]
    mirrored_twice = np.ascontiguousarray(picture[:, ::-1])[:, ::-1]
    assert not mirrored_twice.flags.c_contiguous
    ours, plain = hog.detect(mirrored_twice, 80), hog.detect(picture, 80)
    np.testing.assert_array_equal(ours.boxes, plain.boxes)
    np.testing.assert_array_equal(hog.encode(mirrored_twice, ours), hog.encode(picture, plain))


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (7, 7), (19, 400), (21, 21), (1, 5000), (5000, 1)])
@pytest.mark.parametrize("engine_name", ["hog", "cnn"])
def test_a_tiny_picture_shows_nobody(request, engine_name, size):
    found = request.getfixturevalue(engine_name).detect(np.zeros((*size, 3), dtype=np.uint8), min_face_px=40)
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)


@pytest.mark.parametrize("engine_name", ["hog", "cnn"])
def test_a_huge_picture_is_searched_at_the_cap(request, engine_name, pictures):
    picture = np.asarray(Image.fromarray(pictures["obama"]).resize((6400, 8000)))
    found = request.getfixturevalue(engine_name).detect(picture, min_face_px=40)
    assert len(found) == 1
    left, top, right, bottom = found.boxes[0]
    assert 1000 < right - left < 2600
    assert 0 < left < right < 6400
    assert 0 < top < bottom < 8000


def test_nobody_gives_no_embeddings(hog):
    assert hog.encode(np.zeros((9, 9, 3), dtype=np.uint8), faces.Faces.none()).shape == (0, 128)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3), np.float32),
        np.zeros((9, 9, 3), np.int8),
        np.zeros((0, 9, 3), np.uint8),
        np.zeros((1, 9, 9, 3), np.uint8),
        b"a picture",
        None,
    ],
    ids=["grey", "alpha", "float", "signed", "empty", "batch", "bytes", "none"],
)
def test_anything_but_a_colour_picture_is_refused_with_what_was_expected(hog, picture):
    with pytest.raises(faces.BadImage, match=r"expected an \(h, w, 3\) uint8 RGB array"):
        hog.detect(picture)
    with pytest.raises(ValueError, match="uint8"):
        hog.encode(picture, faces.Faces.none())


@pytest.mark.parametrize("min_face_px", [0, -1, 9, 5000, float("nan"), float("inf")])
def test_a_smallest_face_out_of_range_is_refused(hog, min_face_px):
    with pytest.raises(ValueError, match=r"min_face_px: expected 10\.\.4000"):
        hog.detect(np.zeros((90, 90, 3), np.uint8), min_face_px=min_face_px)


def test_the_model_is_named_by_its_weights(hog, cnn):
    assert hog.model_id == cnn.model_id == "dlib-resnet-v1-55533b28a958"


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
def test_the_cnn_finds_every_face_that_face_recognition_finds(cnn, pictures, name):
    picture = shrunk(pictures[name], 400)
    ours = cnn.detect(picture, min_face_px=40)
    for top, right, bottom, left in face_recognition.face_locations(picture):
        middles = (ours.boxes[:, :2] + ours.boxes[:, 2:]) / 2
        away = np.abs(middles - ((left + right) / 2, (top + bottom) / 2)).max(axis=1, initial=0)
        # HOG's false face in the astronaut's suit is nobody's.
        assert away.min() < 0.4 * (right - left) or name == "astronaut"


def test_several_threads_give_the_same_faces_and_embeddings(cnn, pictures):
    picture, both = shrunk(pictures["obama2"], 400), faces.load_engine("cnn", 2)
    one, two = cnn.detect(picture, 60), both.detect(picture, 60)
    np.testing.assert_allclose(one.boxes, two.boxes, atol=1e-3)
    np.testing.assert_allclose(cnn.encode(picture, one), both.encode(picture, two), atol=1e-5)


def test_more_faces_than_are_encoded_at_once_are_all_encoded(cnn, pictures):
    picture = pictures["obama2"]
    found = cnn.detect(picture, 80).pick([0] * 37)
    rows = cnn.encode(picture, found)
    assert rows.shape == (37, 128)
    np.testing.assert_allclose(rows, rows[:1].repeat(37, axis=0), atol=1e-6)


def test_the_engine_opens_neither_the_68_point_predictor_nor_face_recognition():
    audit = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import dlib; loaded = []; real = dlib.shape_predictor\n"
        "dlib.shape_predictor = lambda path: loaded.append(path) or real(path)\n"
        "import faces; faces.load_engine('cnn'); faces.load_engine('sface')\n"
        "assert len(loaded) == 1 and loaded[0].endswith('shape_predictor_5_face_landmarks.dat'), loaded\n"
        "assert not [path for path in opened if '68' in path.rpartition('/')[2]], opened\n"
        "assert not {'face_recognition', 'face_recognition_models', 'cv2', 'onnx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", audit], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("budget_ms", [0, -1, float("nan")])
def test_a_budget_out_of_range_is_refused(hog, budget_ms):
    with pytest.raises(ValueError, match="budget_ms: expected more than 0"):
        hog.detect(np.zeros((90, 90, 3), np.uint8), budget_ms=budget_ms)


def test_any_engine_takes_a_budget(sface, hog, pictures):
    picture = pictures["obama2"]
    assert len(sface.detect(picture, 100, budget_ms=50)) == len(hog.detect(picture, 100, budget_ms=50)) == 1
