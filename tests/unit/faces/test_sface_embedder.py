import cv2
import numpy as np
import pytest
from PIL import Image

from faces.sface_embedder import upright
from faces.weights import SFACE, weights_path


@pytest.fixture(scope="module")
def opencv():
    return cv2.FaceRecognizerSF.create(str(weights_path(SFACE)), "")


def resized(picture, width):
    return np.asarray(Image.fromarray(picture).resize((width, round(width * picture.shape[0] / picture.shape[1]))))


def cut_by_opencv(opencv, picture, found, row):
    box = found.boxes[row]
    sides = [*box[:2], *(box[2:] - box[:2])]
    face = np.array([*sides, *found.landmarks[row].ravel(), found.confidences[row]], np.float32)
    return opencv.alignCrop(np.ascontiguousarray(picture[:, :, ::-1]), face)


@pytest.mark.parametrize("name", ["obama", "obama2", "obama3", "biden", "astronaut"])
@pytest.mark.parametrize("width", [70, 160, 400])
def test_cut_outs_and_embeddings_are_those_of_opencv(sface, opencv, pictures, name, width):
    picture = resized(pictures[name], width)
    found = sface.detect(picture)
    assert len(found) >= 1
    for row, embedding in enumerate(sface.encode(picture, found)):
        cut = cut_by_opencv(opencv, picture, found, row)
        assert np.abs(upright(picture, found.landmarks[row])[:, :, ::-1].astype(int) - cut).max() <= 3
        theirs = opencv.feature(cut)[0]
        np.testing.assert_allclose(embedding, theirs / np.linalg.norm(theirs), atol=1e-3)


def test_a_face_beyond_the_edge_is_filled_with_black_as_opencv_does(sface, opencv, pictures):
    picture = pictures["obama2"]
    found = sface.detect(picture, 80)
    left, top, right, bottom = found.boxes[0].astype(int)
    for shift in ((left + (right - left) // 3, 0), (0, top + (bottom - top) // 3), (right + 900, 0)):
        part = (
            np.ascontiguousarray(picture[shift[1] :, shift[0] :]) if shift[0] < picture.shape[1] else picture[:40, :40]
        )
        moved = found.landmarks[0] - np.array(shift, np.float32)
        row = np.array([0, 0, 9, 9, *moved.ravel(), 1], np.float32)
        theirs = opencv.alignCrop(np.ascontiguousarray(part[:, :, ::-1]), row)
        assert np.abs(upright(part, moved)[:, :, ::-1].astype(int) - theirs).max() <= 3


def test_embeddings_have_the_length_1(sface, pictures):
    rows = sface.encode(pictures["obama"], sface.detect(pictures["obama"]).pick([0] * 19))
    assert rows.shape == (19, 128)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(rows, rows[:1].repeat(19, axis=0), atol=1e-5)


def test_points_that_all_lie_in_one_place_give_a_picture_all_the_same():
    assert upright(np.zeros((50, 50, 3), np.uint8), np.full((5, 2), 20, np.float32)).shape == (112, 112, 3)


def test_two_pictures_of_one_person_are_near_and_two_persons_are_far(sface, pictures):
    row = {name: sface.encode(picture, sface.detect(picture, 80).pick([0]))[0] for name, picture in pictures.items()}
    assert np.linalg.norm(row["obama"] - row["obama2"]) < 1.0
    assert np.linalg.norm(row["obama3"] - row["obama2"]) < 1.0
    assert np.linalg.norm(row["biden"] - row["obama2"]) > 1.15
    assert np.linalg.norm(row["astronaut"] - row["obama2"]) > 1.15
