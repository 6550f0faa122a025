"""Who is compared with, and by whom."""

from backbone.face_models.laws import same_strangers
from backbone.face_models.names import DLIB, SFACE
from processor_orchestrator.domain.budget import distance_of
from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.matching import galleries

ROW = tuple(float(number) for number in range(128))


def gallery_of(cases):
    return galleries.gallery_of(cases, Thresholds(OpenCases(cases), faces_per_day=10_000.0))


def sought(number, **more):
    known = {"feature_map": [list(ROW)], "model_id": "m"} | more
    return Case(number, 0.0, 1e9, **known)


def test_a_gallery_holds_those_who_can_be_compared_with_each_model_apart():
    gallery = gallery_of(
        [
            sought(1, threshold=0.45, negatives=(ROW,)),
            sought(2, model_id="other"),
            sought(3, state=CaseState.ENCODING),
            sought(4, feature_map={"any": "value"}),
            sought(5, model_id=None),
            sought(6, job="anna", others=(Likeness("other", [list(ROW), list(ROW)], (ROW, ROW)),)),
        ]
    )
    assert {model: [(who.name, who.tolerance) for who in people] for model, people in gallery.by_model.items()} == {
        "m": [("case-1", 0.45), ("anna", 0.6)],
        "other": [("case-2", 0.6), ("anna", 0.6)],
    }
    assert gallery.sought[0].embeddings == (ROW,)
    assert [who.negatives for who in gallery.sought] == [(ROW,), ()], "who was rejected is not told again"
    anna = gallery.by_model["other"][1]
    assert (anna.embeddings, anna.negatives) == ((ROW, ROW), (ROW, ROW))
    assert gallery_of([]) is None


def test_a_worker_of_the_version_before_reads_dlibs_part():
    gallery = gallery_of([sought(1, model_id=DLIB, others=(Likeness("abc", [list(ROW)]),))])
    assert (gallery.model_id, [other.model_id for other in gallery.others]) == (DLIB, ["abc"])


def test_who_is_no_longer_sought_is_taken_out_of_every_part():
    gallery = gallery_of([sought(1, others=(Likeness("other", [list(ROW)]),)), sought(2)])
    assert gallery.names == ("case-1", "case-2")
    assert gallery.without("case-1").names == ("case-2",)


def test_workers_take_the_distance_that_the_budget_leaves():
    gallery = gallery_of([sought(1, model_id=SFACE), sought(2, model_id=SFACE, threshold=0.6)])
    first, second = gallery.sought
    assert first.tolerance == distance_of(1.5e-4, SFACE, references=1)
    assert second.tolerance == same_strangers(0.6, to=SFACE)
