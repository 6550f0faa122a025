from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.Image import Resampling

from faces.graph_files import find_graph
from faces.onnx_session import Session
from faces.weights import YUNET, weights_path
from faces.yunet_detector import YunetDetector


@pytest.fixture(scope="module")
def yunet():
    return YunetDetector(Session(find_graph("yunet")), Session(find_graph("yunet_2x")))


def resized(picture, width):
    return np.asarray(Image.fromarray(picture).resize((width, round(width * picture.shape[0] / picture.shape[1]))))


def by_opencv(picture, least_score=0.7):
    height, width = picture.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(weights_path(YUNET)), "", (width, height), least_score, 0.3, 5000)
    rows = detector.detect(np.ascontiguousarray(picture[:, :, ::-1]))[1]
    rows = np.empty((0, 15)) if rows is None else rows
    return np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]]), rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2)


def row_of(pictures, width):
    """The portraits beside each other, each so wide."""
    parts = [resized(picture, width) for picture in pictures.values()]
    whole = np.full((max(len(part) for part in parts), width * len(parts), 3), 90, np.uint8)
    for number, part in enumerate(parts):
        whole[: len(part), number * width : (number + 1) * width] = part
    return whole


@pytest.mark.parametrize("width", [40, 75, 160, 333, 500])
def test_faces_at_a_picture_s_own_size_are_those_of_opencv(yunet, pictures, width):
    picture = row_of(pictures, width)
    ours, (boxes, scores, points) = yunet.search(picture, 0.7), by_opencv(picture)
    assert len(ours.scores) == len(scores)
    order = [np.abs(ours.boxes - box).sum(axis=1).argmin() for box in boxes]
    np.testing.assert_allclose(ours.boxes[order], boxes, atol=0.05)
    np.testing.assert_allclose(ours.scores[order], scores, atol=1e-4)
    np.testing.assert_allclose(ours.points[order], points, atol=0.05)


@pytest.mark.parametrize("face_px", [12, 16, 25, 40, 90, 250])
def test_a_face_of_any_size_is_found_once(yunet, pictures, face_px):
    # The face takes up this share of the portrait's width.
    picture = resized(pictures["biden"], round(face_px / 0.29))
    found = yunet.find(picture, 12)
    assert len(found) == 1
    assert found.boxes[0, 2] - found.boxes[0, 0] == pytest.approx(face_px, rel=0.3)


def test_small_faces_in_a_picture_of_twelve_megapixels_are_found_in_tiles(yunet, pictures):
    photo = np.full((3024, 4032, 3), 120, np.uint8)
    face = resized(pictures["obama2"], 200)
    places = [(0, 0), (1100, 1130), (2000, 1500), (2500, 3700), (1180, 2450)]
    for top, left in places:
        photo[top : top + len(face), left : left + 200] = face
    found = yunet.find(photo, 40)
    assert len(found) == len(places)
    expected = yunet.find(face, 40).boxes[0]
    for top, left in places:
        assert np.abs(found.boxes - expected - [left, top, left, top]).max(axis=1).min() < 8


def test_a_large_face_is_found_whole_where_small_ones_are_searched_in_tiles(yunet, pictures):
    photo = resized(pictures["obama"], 3000)
    found = yunet.find(photo, 20)
    widest = np.max(found.boxes[:, 2] - found.boxes[:, 0])
    assert len(found) == 1
    assert 500 < widest < 1500


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (5, 7), (31, 33), (3, 9000)])
def test_a_tiny_picture_shows_nobody(yunet, size):
    assert len(yunet.find(np.zeros((*size, 3), np.uint8), 12)) == 0


def test_a_picture_is_searched_as_if_it_were_enlarged_by_two(yunet, pictures):
    # Sixteenths of these values are whole, so that enlarging rounds nothing.
    picture = row_of(pictures, 96)[:96] // 16 * 16
    picture = np.pad(picture, ((64, 64), (64, 64), (0, 0)))
    enlarged = np.asarray(
        Image.fromarray(picture).resize((picture.shape[1] * 2, picture.shape[0] * 2), Resampling.BILINEAR)
    )
    ours, theirs = yunet.search(picture, 0.5, doubled=True), yunet.search(enlarged, 0.5)
    assert len(ours.scores) >= 4
    np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=0.05)
    np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-3)


def test_less_is_searched_for_larger_faces_and_within_a_budget():
    sizes = []

    class Counting:
        def __init__(self, times):
            self.times = times

        def run_all(self, inputs):
            sizes.append(tuple(self.times * side for side in inputs["picture"].shape[1:3]))
            return [np.full((1, 16, sizes[-1][0] // s, sizes[-1][1] // s), -9.0) for s in (8, 16, 32)]

    detector, nothing = YunetDetector(Counting(1), Counting(2)), np.zeros((540, 960, 3), np.uint8)
    for least, budget in ((12, None), (24, None), (40, None), (100, None), (12, 20)):
        sizes.append("next")
        detector.find(nothing, least, budget)
    finest = [after for before, after in pairwise(sizes) if before == "next"]
    assert finest[:4] == [(1088, 1152), (768, 1344), (544, 960), (224, 352)]
    assert finest[4][0] < 1088


@pytest.mark.parametrize(("score", "again", "confidence"), [(0.7, 0.7, 0.7), (0.7, 0.0, None), (0.95, 0.0, 0.95)])
def test_what_is_doubtful_is_looked_at_again_before_it_is_called_a_face(score, again, confidence):
    class OneFace:
        """A face in the middle of a picture of 320 pixels, and of the chips of the second look."""

        def run_all(self, inputs):
            count, height, width = inputs["picture"].shape[:3]
            levels = [np.full((count, 16, height // s, width // s), -9.0) for s in (8, 16, 32)]
            if width in {96, 320}:
                shown, side = (again, 28) if width == 96 else (score, 40)
                levels[0][:, :2, height // 16, width // 16] = np.log(shown / (1 - shown)) if shown else -9
                levels[0][:, 2:4, height // 16, width // 16] = 0
                levels[0][:, 4:6, height // 16, width // 16] = np.log(side / 8 * np.array([0.88, 1.13]))
            return levels

    found = YunetDetector(OneFace(), OneFace()).find(np.zeros((320, 320, 3), np.uint8), 36)
    assert found.confidences.tolist() == pytest.approx([] if confidence is None else [confidence], abs=1e-5)


def test_points_are_eyes_nose_and_mouth_from_left_to_right_and_from_top_to_bottom(yunet, pictures):
    (left_eye, right_eye, nose, left_mouth, right_mouth) = yunet.find(pictures["obama2"], 40).landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


def test_a_face_60_pixels_wide_in_a_photo_4032_wide_is_found_by_default(sface, pictures):
    photo = np.random.default_rng(3).integers(90, 150, (3024, 4032, 3), dtype=np.uint8)
    face = resized(pictures["biden"], round(60 / 0.29))
    photo[1700 : 1700 + len(face), 2600 : 2600 + face.shape[1]] = face
    found = sface.detect(photo)
    assert len(found) == 1
    assert found.boxes[0, 2] - found.boxes[0, 0] == pytest.approx(60, rel=0.3)
