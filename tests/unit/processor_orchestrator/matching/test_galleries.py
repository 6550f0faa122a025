"""Who is compared with, and by whom."""

from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.matching.galleries import galleries_of

ROW = tuple(float(number) for number in range(128))


def sought(number, **more):
    known = {"feature_map": [list(ROW)], "model_id": "m"} | more
    return Case(number, 0.0, 1e9, **known)


def test_a_gallery_holds_those_of_one_model_who_can_be_compared_with():
    galleries = galleries_of(
        [
            sought(1, threshold=0.45, negatives=(ROW,)),
            sought(2, model_id="other"),
            sought(3, state=CaseState.ENCODING),
            sought(4, feature_map={"any": "value"}),
            sought(5, model_id=None),
            sought(6, job="anna"),
        ]
    )
    assert [(gallery.model_id, [(who.name, who.tolerance) for who in gallery.sought]) for gallery in galleries] == [
        ("m", [("case-1", 0.45), ("anna", 0.6)]),
        ("other", [("case-2", 0.6)]),
    ]
    assert galleries[0].sought[0].embeddings == (ROW,)
    assert [who.negatives for who in galleries[0].sought] == [(ROW,), ()], "who was rejected is not told again"
    assert galleries_of([]) == []
