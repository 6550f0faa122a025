"""What a store keeps of cases, rejected sightings and jobs: kept by both."""

from dataclasses import replace

from backbone.wire.jobs import Photo, Refused
from processor_orchestrator.domain.budget import Sensitivity
from processor_orchestrator.domain.case import MOST_NEGATIVES, Case, CaseState, Kind
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    NegativesLearned,
    Reason,
    ReferencesLearned,
    SightingRejected,
)
from tests.unit.processor_orchestrator.stores.test_stores import changes, sighting

ROW = tuple(number / 128 for number in range(128))
CASE = Case(
    case_id=1,
    opened_at=1.0,
    expires_at=4_000_000_000.5,
    name="Anna",
    threshold=0.45,
    purpose="missing since noon",
    kind=Kind.JOB,
    state=CaseState.ENCODING,
    job="anna's job",
    photos=(Photo(key="blob:1", name="a.jpg", received_at=1.0),),
)
REFUSED = Refused(photo="b.jpg", code="no_face", message="expected a face, got none")


async def opened(store, case=CASE):
    assert await store.next_case_id() == case.case_id
    await store.save(CaseOpened(case))


async def test_a_case_comes_back_as_it_went(store):
    await opened(store)
    assert await store.open_cases() == [CASE]
    assert await store.open_case(1) == CASE
    assert await store.open_case(2) is None


async def test_a_budget_comes_back_as_it_went(store):
    asked = replace(CASE, threshold=None, sensitivity=Sensitivity.STRICT, false_candidates_per_day=0.25)
    await opened(store, asked)
    assert await store.open_case(1) == asked


async def test_references_open_a_case_however_often_they_are_stored(store):
    await opened(store)
    for _ in range(2):
        await store.save(ReferencesLearned(1, (ROW,), "m", (REFUSED,)))
    learned = await store.open_case(1)
    assert learned == replace(
        CASE, feature_map=[list(ROW)], model_id="m", state=CaseState.OPEN, photos=(), refused=(REFUSED,)
    )
    assert learned.likenesses[0].references == (ROW,)


async def test_rejected_faces_are_kept_once_of_the_same_model_and_up_to_a_bound(store):
    await opened(store)
    await store.save(ReferencesLearned(1, (ROW,), "m"))
    other = tuple(-number for number in ROW)
    for model in ("m", "m", "another"):
        await store.save(NegativesLearned(1, (other,), model))
    assert (await store.open_case(1)).negatives == (other,)
    many = tuple((float(number),) * 128 for number in range(MOST_NEGATIVES))
    await store.save(NegativesLearned(1, many, "m"))
    assert (await store.open_case(1)).negatives == many
    await store.save(CaseClosed(1, Reason.STOPPED, ""))
    await store.save(NegativesLearned(1, (other,), "m"))
    assert await store.open_case(1) is None


async def test_a_case_without_a_usable_photo_is_told_so(store):
    await opened(store)
    await store.save(ReferencesLearned(1, (), "m", (REFUSED,)))
    assert (await store.open_case(1)).state is CaseState.UNUSABLE


async def test_references_of_a_closed_case_are_not_kept(store):
    await opened(store)
    await store.save(CaseClosed(1, Reason.STOPPED, ""))
    await store.save(ReferencesLearned(1, (ROW,), "m"))
    assert await store.open_case(1) is None
    assert await store.open_cases() == []


async def test_chips_are_kept_while_a_case_is_open_and_never_after(store):
    await opened(store)
    await store.save_chips(CASE, [b"\xff\xd8 one", b"\xff\xd8 two"])
    assert await store.chips(1) == [b"\xff\xd8 one", b"\xff\xd8 two"]
    await store.save(CaseClosed(1, Reason.STOPPED, ""))
    assert await store.chips(1) == []
    await store.save_chips(CASE, [b"late"])
    assert await store.chips(1) == []


async def test_a_rejected_sighting_stays_rejected_though_it_is_stored_again(store):
    await store.save_sightings(changes(sighting("1-a-a"), sighting("1-b-b", last_seen=11.0)))
    for _ in range(2):
        await store.save(SightingRejected(1, "1-a-a"))
    await store.save_sightings(changes(sighting("1-a-a", last_seen=12.0)))
    assert [(found.sighting_id, found.rejected) for found in await store.sightings(limit=9)] == [
        ("1-a-a", True),
        ("1-b-b", False),
    ]
    assert (await store.sighting("1-a-a")).rejected
    assert not (await store.sighting("1-b-b")).rejected
    assert await store.sighting("1-c-c") is None


async def test_what_is_to_be_stored_once_is_stored_once(store):
    first = changes(sighting("1-a-a", source="phone"), timeline=[(1, "cloudlet", 10)])
    stored = [await store.save_sightings(first, once=name) for name in ("m1", "m1", "m1")]
    assert stored == [True, False, False]
    assert len(await store.timeline(1)) == 1
    assert await store.save_sightings(changes(sighting("1-b-a"), timeline=[(1, "cloudlet", 11)]), once="m2")
    assert len(await store.timeline(1)) == 2


async def test_a_job_is_known_by_its_name_for_ever(store):
    await opened(store)
    await opened(store, Case(case_id=2, opened_at=1.0, expires_at=2.0))
    await store.save(CaseClosed(1, Reason.STOPPED, ""))
    assert await store.case_of_job("anna's job") == 1
    assert await store.case_of_job("case-2") == 2
    for unknown in ("case-3", "case-0", "case-", "case-\u0662", "bert", ""):
        assert await store.case_of_job(unknown) is None
