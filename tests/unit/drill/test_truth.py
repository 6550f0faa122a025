import json

import pytest

from drill.truth import IdentityScores, TrueFace, Truth, dump_truth, identity_scores, iou, load_truth

LEFT, RIGHT, ELSEWHERE = (0, 0, 100, 100), (200, 0, 300, 100), (500, 300, 600, 400)


def face(person, box, visible=1.0):
    return TrueFace(person, box, visible, visible >= 0.7)


def clip(*frames):
    return Truth("camera-1", 10, 960, 540, {"anna": "a.jpg", "bert": "b.jpg"}, frames)


def test_overlap_is_the_intersection_over_the_union():
    assert iou(LEFT, LEFT) == 1
    assert iou(LEFT, RIGHT) == 0
    assert iou((0, 0, 100, 100), (50, 0, 150, 100)) == pytest.approx(1 / 3)
    assert iou((0, 0, 10, 10), (10, 0, 20, 10)) == 0
    assert iou((0, 0, 0, 0), (0, 0, 0, 0)) == 0


def test_right_identities_in_every_frame_score_one():
    truth = clip((face("anna", LEFT), face("bert", RIGHT)), (face("anna", LEFT),))
    scores = identity_scores([truth], [[[(LEFT, 7), (RIGHT, "x")], [(LEFT, 7)]]])
    assert scores == IdentityScores(1.0, 1.0, 1.0, 3, 0, 0)


def test_a_track_that_breaks_counts_only_with_its_longer_part():
    # anna in 10 frames, called 1 in six and 2 in four: IDTP 6, IDFP 4, IDFN 4.
    truth = clip(*[(face("anna", LEFT),)] * 10)
    scores = identity_scores([truth], [[[(LEFT, 1)]] * 6 + [[(LEFT, 2)]] * 4])
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (6, 4, 4)
    assert (scores.idf1, scores.idp, scores.idr) == pytest.approx((0.6, 0.6, 0.6))


def test_two_identities_that_swap_are_paired_so_that_most_boxes_agree():
    # anna is 1 for 3 frames, then 2 for 7; bert is the other one. Best pairing: anna-2, bert-1: 14 of 20 boxes.
    truth = clip(*[(face("anna", LEFT), face("bert", RIGHT))] * 10)
    frames = [[(LEFT, 1), (RIGHT, 2)]] * 3 + [[(LEFT, 2), (RIGHT, 1)]] * 7
    assert identity_scores([truth], [frames]).idf1 == pytest.approx(0.7)


def test_one_identity_for_two_persons_is_right_for_one_of_them():
    # 8 true boxes, all called 1: 5 of anna agree. IDP 5/8, IDR 5/8.
    truth = clip(*[(face("anna", LEFT),)] * 5, *[(face("bert", RIGHT),)] * 3)
    scores = identity_scores([truth], [[[(LEFT, 1)]] * 5 + [[(RIGHT, 1)]] * 3])
    assert (scores.idp, scores.idr) == pytest.approx((5 / 8, 5 / 8))


def test_precision_and_recall_tell_missing_from_superfluous_boxes():
    # 4 true boxes; 2 found, 3 more predicted where nobody is: IDTP 2, IDP 2/5, IDR 2/4, IDF1 4/9.
    truth = clip(*[(face("anna", LEFT),)] * 4)
    frames = [[(LEFT, 1), (ELSEWHERE, 2)], [(LEFT, 1), (ELSEWHERE, 2)], [(ELSEWHERE, 2)], []]
    scores = identity_scores([truth], [frames])
    assert (scores.idp, scores.idr, scores.idf1) == pytest.approx((2 / 5, 2 / 4, 4 / 9))


def test_a_box_without_identity_agrees_with_nobody():
    truth = clip((face("anna", LEFT),))
    assert identity_scores([truth], [[[(LEFT, None)]]]) == IdentityScores(0.0, 0.0, 0.0, 0, 1, 1)


def test_a_box_that_overlaps_too_little_does_not_agree():
    truth = clip((face("anna", LEFT),))
    aside = [[[((50, 0, 150, 100), 1)]]]
    assert identity_scores([truth], aside).idf1 == 0
    assert identity_scores([truth], aside, least_iou=0.3).idf1 == 1


def test_a_second_box_of_one_identity_on_one_face_is_superfluous():
    truth = clip((face("anna", LEFT),))
    scores = identity_scores([truth], [[[(LEFT, 1), ((2, 0, 102, 100), 1)]]])
    assert (scores.true_positives, scores.false_positives) == (1, 1)


def test_identities_hold_over_all_clips_together():
    # The same person called 1 on one camera and 2 on the other: 3 of 5 boxes agree.
    first, second = clip(*[(face("anna", LEFT),)] * 3), clip(*[(face("anna", RIGHT),)] * 2)
    one_name = identity_scores([first, second], [[[(LEFT, 1)]] * 3, [[(RIGHT, 1)]] * 2])
    two_names = identity_scores([first, second], [[[(LEFT, 1)]] * 3, [[(RIGHT, 2)]] * 2])
    assert one_name.idf1 == 1
    assert two_names.idf1 == pytest.approx(0.6)


def test_barely_visible_faces_can_be_left_out_with_the_boxes_on_them():
    truth = clip((face("anna", LEFT), face("bert", RIGHT, visible=0.2)))
    found_both, found_one = [[[(LEFT, 1), (RIGHT, 2)]]], [[[(LEFT, 1)]]]
    assert identity_scores([truth], found_one).idr == 0.5
    assert identity_scores([truth], found_one, least_visible=0.7) == IdentityScores(1.0, 1.0, 1.0, 1, 0, 0)
    assert identity_scores([truth], found_both, least_visible=0.7) == IdentityScores(1.0, 1.0, 1.0, 1, 0, 0)


def test_nobody_there_and_nobody_predicted_is_a_full_score():
    assert identity_scores([clip(())], [[[]]]).idf1 == 1


@pytest.mark.parametrize("predictions", [[], [[[]]], [[[], [], []]]])
def test_predictions_for_another_number_of_frames_are_refused(predictions):
    with pytest.raises(ValueError, match="zip"):
        identity_scores([clip((), ())], predictions)


def test_a_ground_truth_comes_back_from_its_file(tmp_path):
    truth = clip((face("anna", (1.25, 2.5, 30.0, 40.75), 0.5),), ())
    (tmp_path / "truth.json").write_text(dump_truth(truth))
    assert load_truth(tmp_path / "truth.json") == truth


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps({"camera": "c", "truth": [{"faces": [{"person": "a", "box": [1, 2]}]}]})]
)
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "truth.json").write_text(content)
    with pytest.raises(ValueError, match=r"truth\.json: expected a ground truth, got"):
        load_truth(tmp_path / "truth.json")
