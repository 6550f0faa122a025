import numpy as np
import pytest

from benchmarks import faces as command
from benchmarks.comparison import Comparison, ResultsDiffer
from benchmarks.face_agreement import same_embeddings, same_faces, superset, true_faces

BOX = np.array([[100.0, 100.0, 200.0, 200.0]])


def test_embeddings_may_differ_by_a_hundred_thousandth():
    rows = np.zeros((2, 128))
    assert same_embeddings(rows + 9e-6, rows) == pytest.approx(9e-6)
    with pytest.raises(ResultsDiffer, match="got a difference of 2"):
        same_embeddings(rows + 2e-5, rows)
    with pytest.raises(ResultsDiffer, match="shape"):
        same_embeddings(rows[:1], rows)


@pytest.mark.parametrize(
    "ours",
    [(np.empty((0, 4)), np.empty(0)), (BOX + 20, np.ones(1)), (BOX, np.array([0.94]))],
    ids=["none", "box", "score"],
)
def test_other_faces_or_scores_are_a_difference(ours):
    with pytest.raises(ResultsDiffer):
        same_faces(ours, (BOX, np.ones(1)))
    assert same_faces((BOX + 1, np.array([0.98])), (BOX, np.ones(1)))[0] > 0.9


def test_a_false_face_of_the_other_side_need_not_be_found():
    middles = np.array([[150.0, 150.0], [400.0, 150.0]])
    assert true_faces(BOX, middles) == {0}
    assert superset(BOX, np.concatenate([BOX, BOX + 800]), middles) == (1, 0)
    assert superset(np.concatenate([BOX, BOX + np.array([250, 0, 250, 0])]), BOX, middles) == (1, 1)
    with pytest.raises(ResultsDiffer, match=r"faces around \[\[150"):
        superset(BOX + 800, BOX, middles)


def test_results_that_differ_fail_the_command_and_leave_the_table_alone(monkeypatch, tmp_path, capsys):
    def differ():
        raise ResultsDiffer("one face less")

    monkeypatch.setattr(command, "ROWS", {"row": lambda: Comparison("work", "peer", int, int, differ, "-")})
    assert command.main(["--results", str(tmp_path / "RESULTS.md")]) == 1
    assert "one face less" in capsys.readouterr().out
    assert not (tmp_path / "RESULTS.md").exists()
