import json

import numpy as np
import pytest
from PIL import Image

from benchmarks.labelled_faces import Labels, LabelsMissing, labelled_pictures
from benchmarks.recall import main
from benchmarks.recall_count import Outcome, Recall, Share


def labels(*boxes, yaws=None, ignored=None):
    n = len(boxes)
    return Labels(
        np.array(boxes, np.float64).reshape(-1, 4),
        np.zeros(n) if yaws is None else np.array(yaws, np.float64),
        np.zeros(n, np.bool_) if ignored is None else np.array(ignored),
    )


def boxes(*rows):
    return np.array(rows, np.float64).reshape(-1, 4)


def test_a_box_finds_the_face_that_it_overlaps_most_and_each_face_is_found_once():
    there = labels([0, 0, 10, 10], [100, 0, 110, 10])
    outcome = Outcome.of(boxes([1, 0, 11, 10], [0, 1, 10, 11], [300, 0, 310, 10]), there)
    assert outcome.found.tolist() == [True, False]
    assert outcome.again.sum() == 1
    assert outcome.false.tolist() == [False, False, True]


def test_a_square_from_the_brows_to_the_chin_finds_a_face_labelled_up_to_the_hair():
    outcome = Outcome.of(boxes([-2, 20, 42, 64]), labels([0, 0, 40, 52]))
    assert outcome.found.tolist() == [True]


def test_what_is_to_be_ignored_is_neither_missed_nor_false():
    there = labels([0, 0, 20, 20], ignored=[True])
    assert not Outcome.of(boxes([2, 2, 8, 8]), there).false.any()
    assert Recall.of([(there, Outcome.of(boxes(), there))]).by_width == (Share(0, 0),) * 4


def test_a_picture_without_faces_can_only_be_wrong():
    outcome = Outcome.of(boxes([0, 0, 5, 5]), labels())
    assert outcome.false.tolist() == [True]
    assert len(outcome.found) == 0


def test_faces_are_counted_by_their_width_and_profiles_from_40_pixels_on():
    there = labels(
        [0, 0, 12, 15], [0, 50, 39, 90], [100, 0, 140, 50], [200, 0, 300, 120], yaws=[0.9, 0.9, -0.4, np.nan]
    )
    recall = Recall.of([(there, Outcome.of(there.boxes[[0, 2]], there))])
    assert recall.by_width == (Share(1, 1), Share(0, 1), Share(1, 1), Share(0, 1))
    assert recall.profiles == Share(1, 1)
    assert (str(Share(1, 3)), str(Share(0, 0))) == ("1/3 33.3%", "-")


def test_pictures_are_read_at_several_sizes_with_their_labels(tmp_path):
    Image.new("RGB", (90, 60)).save(tmp_path / "one.png")
    face = {"box": [30, 30, 60, 60], "yaw": None, "ignore": False}
    (tmp_path / "faces.json").write_text(json.dumps({"one.png": [face]}))
    read = list(labelled_pictures(tmp_path, (1, 3)))
    assert [one.picture.shape for one in read] == [(60, 90, 3), (20, 30, 3)]
    assert [one.labels.boxes.tolist() for one in read] == [[[30, 30, 60, 60]], [[10, 10, 20, 20]]]
    assert np.isnan(read[0].labels.yaws).all()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "found none"),
        ("[1]", "expected faces with box, yaw and ignore"),
        ('{"a.jpg": [{"box": [1]}]}', "expected faces with box, yaw and ignore"),
        ('{"a.jpg": []}', "expected the picture a.jpg, found none"),
    ],
)
def test_a_folder_of_another_layout_says_what_is_missing(tmp_path, content, text):
    if content is not None:
        (tmp_path / "faces.json").write_text(content)
    with pytest.raises(LabelsMissing, match=text):
        list(labelled_pictures(tmp_path, (1,)))


def test_the_command_prints_a_row_for_each_detector_and_what_was_missed(pictures, tmp_path, capsys):
    face = Image.fromarray(pictures["obama2"]).resize((313, 600))
    face.save(tmp_path / "one.jpg")
    labelled = [
        {"box": [99, 116, 237, 313], "yaw": 0, "ignore": False},
        {"box": [0, 500, 50, 560], "yaw": 0, "ignore": False},
    ]
    (tmp_path / "faces.json").write_text(json.dumps({"one.jpg": labelled}))
    assert main([str(tmp_path), "--by", "yunet", "opencv", "--divisors", "1", "2", "--tell"]) == 0
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith(("| sface", "| OpenCV"))]
    assert len(rows) == 2
    assert all("1/2 50.0%" in row for row in rows)
    assert "yunet: one.jpg 1/1: 0 false, 0 twice, 1 missed (0,500,50,560)" in printed


def test_a_folder_without_labels_is_refused(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "faces.json" in capsys.readouterr().out
