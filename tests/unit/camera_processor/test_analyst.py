"""One turn: commands first, then the frame, then only the JPEGs that are wanted."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from backbone.wire.shared import Error, FeatureMap
from camera_processor.analyst import Analyst, Wanted
from camera_processor.domain.commands import Forget, ForgetAllBut, Judge, Learn, SeekBox, SeekPicture
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Pipeline
from camera_processor.pictures_cv2 import jpeg_of
from faces import Faces, Gallery
from tests.fakes.face_scale import SCALE

MODEL = "dlib-test-model"
TEXTURE = np.random.default_rng(0).integers(1, 255, (120, 160, 3), dtype=np.uint8)
TEXTURE[:, 80:] //= 2
NOTHING = Wanted()


class OneFaceEngine:
    """Finds one face wherever the picture is not black; everybody looks the same to it."""

    model_id = MODEL
    min_face_px = 40.0

    def detect(self, image: np.ndarray, min_face_px: float | None = None) -> Faces:
        if not image.any():
            return Faces.none()
        points = [[35, 40], [45, 40], [55, 40], [65, 40], [50, 60]]
        return Faces(
            boxes=np.array([[20, 20, 80, 80]], np.float32),
            confidences=np.array([1.0], np.float32),
            landmarks=np.array([points], np.float32),
        )

    def encode(self, image: np.ndarray, faces: Faces) -> np.ndarray:
        return np.full((len(faces), 128), 0.05, np.float32)


@pytest.fixture
def analyst() -> Analyst:
    return Analyst(Pipeline(OneFaceEngine(), gallery=Gallery(), scale=SCALE), model_id=MODEL)


def frame(number: int, *, empty: bool = False) -> Frame:
    image = np.zeros((120, 160, 3), np.uint8) if empty else TEXTURE
    return Frame(image=image, frame_id=100.0 + number / 10, sequence=number, grabbed_at=number / 10)


def see(analyst: Analyst, first: int, count: int) -> list[dict[str, object]]:
    """Show some frames and return the last boxes."""
    boxes: list[dict[str, object]] = []
    for number in range(first, first + count):
        turn = analyst.turn(frame(number), [], NOTHING)
        assert turn.boxes is not None
        boxes = turn.boxes.boxes
    return boxes


def test_a_frame_gives_boxes_in_shares_of_the_picture_and_no_jpeg_that_nobody_wants(analyst: Analyst) -> None:
    box = see(analyst, 1, 5)[0]
    assert box["objectType"] == "face"
    assert box["rect"] == pytest.approx([0.125, 0.1667, 0.5, 0.6667], abs=0.02)
    assert "objectId" not in box
    turn = analyst.turn(frame(6), [], NOTHING)
    assert (turn.overlay, turn.plain) == (None, None)


def test_wanted_jpegs_are_made_and_scaled(analyst: Analyst) -> None:
    turn = analyst.turn(frame(1), [], Wanted(overlay=True, plain_width=80))
    sizes = [Image.open(io.BytesIO(jpeg or b"")).size for jpeg in (turn.overlay, turn.plain)]
    assert sizes == [(160, 120), (80, 60)]


def test_commands_are_carried_out_even_without_a_frame(analyst: Analyst) -> None:
    turn = analyst.turn(None, [Learn(1, [0.05] * 128, MODEL)], NOTHING)
    assert (turn.boxes, turn.answers) == (None, ())
    box = see(analyst, 1, 8)[0]
    assert box["objectId"] == 1
    assert box["distance"] == pytest.approx(0.0, abs=1e-4)


def test_an_identified_face_brings_one_small_crop(analyst: Analyst) -> None:
    analyst.turn(None, [Learn(1, [[0.05] * 128], MODEL)], NOTHING)
    crops = []
    for number in range(1, 12):
        turn = analyst.turn(frame(number), [], NOTHING)
        assert turn.boxes is not None
        crops += [box["crop"] for box in turn.boxes.boxes if "crop" in box]
        assert turn.identified == sum("objectId" in box for box in turn.boxes.boxes)
    assert len(crops) == 1
    with Image.open(io.BytesIO(base64.b64decode(crops[0]))) as crop:
        assert max(crop.size) <= 128


def test_a_picture_with_a_face_becomes_a_feature_map(analyst: Analyst) -> None:
    answers = analyst.turn(None, [SeekPicture(7, jpeg_of(frame(1).image))], NOTHING).answers
    assert isinstance(answers[0], FeatureMap)
    assert (answers[0].object_id, answers[0].model_id, len(answers[0].feature_map)) == (7, MODEL, 128)


def test_a_picture_without_a_face_is_refused_in_words(analyst: Analyst) -> None:
    answers = analyst.turn(None, [SeekPicture(7, jpeg_of(frame(1, empty=True).image))], NOTHING).answers
    assert isinstance(answers[0], Error)
    assert (answers[0].code, answers[0].reply_to, answers[0].object_id) == ("no_face", "start", 7)
    assert "expected a face" in answers[0].message


def test_a_box_becomes_a_feature_map_and_an_unknown_one_is_refused(analyst: Analyst) -> None:
    box_id = see(analyst, 1, 6)[0]["boxId"]
    assert isinstance(box_id, int)
    made, refused = analyst.turn(None, [SeekBox(3, box_id), SeekBox(4, 99)], NOTHING).answers
    assert isinstance(made, FeatureMap)
    assert isinstance(refused, Error)
    assert (refused.code, refused.object_id) == ("unknown_box", 4)
    assert see(analyst, 7, 4)[0]["objectId"] == 3


@pytest.mark.parametrize(
    "feature_map",
    [[1.0] * 127, [[0.1] * 128, [0.1]], "text", {"a": 1}, [None], [True] * 128, [["x"] * 128], 5, [[[0.1] * 128]]],
)
def test_a_foreign_feature_map_is_refused_and_changes_nothing(analyst: Analyst, feature_map: object) -> None:
    (refused,) = analyst.turn(None, [Learn(1, feature_map, MODEL)], NOTHING).answers
    assert isinstance(refused, Error)
    assert (refused.code, refused.reply_to) == ("bad_feature_map", "featureMap")
    assert "objectId" not in see(analyst, 1, 6)[0]


def test_a_feature_map_of_another_model_is_never_compared(analyst: Analyst) -> None:
    (refused,) = analyst.turn(None, [Learn(1, [0.05] * 128, "other")], NOTHING).answers
    assert isinstance(refused, Error)
    assert MODEL in refused.message


def test_an_object_that_nobody_has_made_out_yet_is_no_fault(analyst: Analyst) -> None:
    assert analyst.turn(None, [Learn(1, {}, None)], NOTHING).answers == ()


def test_forgotten_objects_leave_the_boxes_and_unknown_ones_carry_on(analyst: Analyst) -> None:
    analyst.turn(None, [Learn(1, [0.05] * 128, MODEL)], NOTHING)
    assert see(analyst, 1, 6)[0]["objectId"] == 1
    assert analyst.turn(None, [Forget(1), Forget(42)], NOTHING).answers == ()
    assert "objectId" not in see(analyst, 7, 3)[0]


def test_after_a_reconnect_only_the_named_objects_stay(analyst: Analyst) -> None:
    far = [0.05, -0.05] * 64
    analyst.turn(None, [Learn(1, [0.05] * 128, MODEL), Learn(2, far, MODEL)], NOTHING)
    analyst.turn(None, [ForgetAllBut(frozenset({2}))], NOTHING)
    assert "objectId" not in see(analyst, 1, 6)[0]


@pytest.mark.parametrize(("threshold", "found"), [(0.3, False), (None, False), (0.6, True)])
def test_a_threshold_that_a_case_asks_for_is_one_of_this_engines_distances(
    analyst: Analyst, threshold: float | None, found: bool
) -> None:
    aside = np.tile([1.0, -1.0], 64)
    reference = np.full(128, 0.05) + 0.05 * 0.65 * aside
    analyst.turn(None, [Judge(1, threshold), Learn(1, reference.tolist(), MODEL)], NOTHING)
    assert ("objectId" in see(analyst, 0, 12)[0]) is found
