import dlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.chosen_scale import Scale, block_means
from faces.detecting import detect_scaled
from faces.dlib_hog import HogDetector

SIDES = st.integers(1, 6000)


class CornerFinder:
    """Stands in for a detector: its one box is the whole picture that it was given."""

    name, seen_face_px, most_pixels = "corners", (80, 80), 500_000

    def find(self, image, height, width):
        self.seen = height, width
        return np.array([[0, 0, width - 1, height - 1]], dtype=np.float64), np.ones(1)


class BrightFinder:
    """Stands in for a detector: its one box holds every pixel brighter than half."""

    name, seen_face_px, most_pixels = "bright", (80, 80), 8_000_000

    def find(self, image, height, width):
        image = dlib.resize_image(np.ascontiguousarray(image), height, width)
        rows, columns = np.nonzero(image[:, :, 0] > 127)
        return np.array([[columns.min(), rows.min(), columns.max(), rows.max()]], dtype=np.float64), np.ones(1)


@given(width=SIDES, height=SIDES, min_face_px=st.floats(10, 4000), most_pixels=st.integers(10_000, 8_000_000))
def test_the_searched_picture_stays_under_the_cap_and_maps_back_onto_the_picture(
    width, height, min_face_px, most_pixels
):
    scale = Scale.fit(width, height, min_face_px=min_face_px, seen_face_px=(80, 80), most_pixels=most_pixels)
    assert scale.width * scale.height <= max(most_pixels * 1.01, width, height)
    corners = np.array([[0, 0, scale.width - 1, scale.height - 1]], dtype=np.float64)
    left, top, right, bottom = scale.boxes_back(corners)[0]
    # Centres of the first and last blocks: half a block from the corner, the last partial block left out.
    assert left == top == (scale.block - 1) / 2
    if scale.width > 1:
        assert right == pytest.approx(width // scale.block * scale.block - 1 - left)
    if scale.height > 1:
        assert bottom == pytest.approx(height // scale.block * scale.block - 1 - top)


@pytest.mark.parametrize(
    ("min_face_px", "block", "size"), [(80, 1, (960, 540)), (40, 1, (1920, 1080)), (160, 2, (480, 270))]
)
def test_the_scale_makes_the_smallest_wanted_face_80_pixels_wide(min_face_px, block, size):
    scale = Scale.fit(960, 540, min_face_px=min_face_px, seen_face_px=(80, 80), most_pixels=8_000_000)
    assert (scale.block, scale.width, scale.height) == (block, *size)


@pytest.mark.parametrize(
    ("min_face_px", "size"),
    [(140, (480, 270)), (80, (960, 540)), (75, (960, 540)), (70, (960, 540)), (35, (1920, 1080))],
)
def test_a_detector_with_room_searches_the_picture_s_own_size_if_it_will_do(min_face_px, size):
    scale = Scale.fit(960, 540, min_face_px=min_face_px, seen_face_px=(70, 80), most_pixels=8_000_000)
    assert (scale.width, scale.height) == (size if min_face_px != 140 else (548, 308))


@pytest.mark.parametrize("min_face_px", [30, 80, 133])
def test_a_box_around_everything_comes_back_as_a_box_around_everything(min_face_px):
    finder = CornerFinder()
    boxes, _ = detect_scaled(finder, np.zeros((719, 1283, 3), np.uint8), min_face_px=min_face_px)
    assert finder.seen[0] * finder.seen[1] <= 500_000
    np.testing.assert_allclose(boxes, [[0, 0, 1282, 718]])


@pytest.mark.parametrize("min_face_px", [30, 80, 100, 200, 330])
def test_a_bright_square_is_where_its_box_says_at_every_scale(min_face_px):
    picture = np.zeros((900, 1500, 3), np.uint8)
    picture[300:600, 500:1100] = 255
    boxes, _ = detect_scaled(BrightFinder(), picture, min_face_px=min_face_px)
    np.testing.assert_allclose(boxes, [[500, 300, 1099, 599]], atol=max(0.5, min_face_px / 80))


def test_shrinking_far_averages_instead_of_skipping_pixels():
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    scale = Scale.fit(640, 640, min_face_px=640, seen_face_px=(80, 80), most_pixels=1_000_000)
    assert (scale.block, scale.width, scale.height) == (8, 80, 80)
    small = block_means(stripes, scale.block)
    assert small.shape == (80, 80, 3)
    assert small.astype(int).std() < 1


def test_a_picture_that_nobody_could_be_in_is_not_searched():
    class Never:
        name, seen_face_px, most_pixels = "never", (80, 80), 8_000_000

        def find(self, image, height, width):
            raise AssertionError("searched")

    boxes, scores = detect_scaled(Never(), np.zeros((9, 4000, 3), np.uint8), min_face_px=80)
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_hog_searches_the_resized_picture(pictures):
    picture = pictures["obama2"]
    boxes, scores = HogDetector().find(picture, picture.shape[0] // 2, picture.shape[1] // 2)
    assert boxes.shape == (1, 4)
    assert scores[0] > 0
    assert boxes[0, 2] < picture.shape[1] // 2
