"""Who has to be told what about the open cases: decisions first, deliveries after."""

import pytest

from backbone.errors import BadInput, Conflict, NotFound, Unavailable
from backbone.face_models.names import DLIB, SFACE
from backbone.wire import to_processor
from backbone.wire.from_client import Start, Subscribe
from backbone.wire.jobs import Photo, Refused
from backbone.wire.shared import Error, FeatureMap, Stop
from backbone.wire.to_client import Cameras, NewObject
from processor_orchestrator.domain import open_cases as open_cases_module
from processor_orchestrator.domain.budget import Sensitivity, distance_of
from processor_orchestrator.domain.case import Case, CaseState, Kind
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    FeatureMapLearned,
    NegativesLearned,
    Reason,
    ReferencesLearned,
    SightingRejected,
)
from processor_orchestrator.domain.case_messages import check_start, started
from processor_orchestrator.domain.conversation import Conversation
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds

DOOR, YARD, GATE, ANNA, BORIS = 1, 2, 3, 11, 12
BY_BOX = Start(camera_id="door", frame_id=5.0, box_id=7)
BY_PICTURE = Start(image="/9j/")
JPEG = b"\xff\xd8\xff"


class Talk:
    """A conversation and its cases: each event is applied, then told, as the services do it."""

    def __init__(self, cases=()):
        self.cases = OpenCases(cases)
        self.talk = Conversation(self.cases, thresholds=Thresholds(self.cases, faces_per_day=10_000.0))

    def __getattr__(self, name):
        return getattr(self.talk, name)

    def check_start(self, message):
        check_start(message)
        self.cases.check_room()
        self.talk.check_camera(message)

    def fail(self, peer, message):
        case = None if message.object_id is None else self.cases.get(message.object_id)
        asked = case is not None and self.talk.is_asked(peer, case)
        return CaseClosed(case.case_id, Reason.FAILED, message.message) if asked else None

    def apply(self, event):
        if not self.cases.apply(event):
            return []
        case = self.cases.get(event.case_id)
        match event:
            case CaseOpened(opened):
                return self.talk.opened(opened)
            case CaseClosed():
                return self.talk.closed(event)
            case FeatureMapLearned():
                return self.talk.feature_map_learned(case, event.model_id or "")
            case ReferencesLearned():
                return self.talk.references_learned(case)
            case NegativesLearned():
                return self.talk.negatives_learned(case, event.model_id)
        return []


@pytest.fixture
def tracking():
    """Two cameras, two clients, nobody sought."""
    made = Talk()
    join(made, DOOR, "door")
    join(made, YARD, "yard")
    made.clients.join(ANNA)
    made.clients.join(BORIS)
    return made


def join(tracking, peer, camera_id, subject=None):
    return tracking.processor_joined(peer, camera_id, subject, now=1.0)


def opened(tracking, case_id, message=BY_BOX, starter=ANNA):
    """Open a case; returns what is sent."""
    tracking.check_start(message)
    image = None if message.image is None else JPEG
    told = tracking.apply(CaseOpened(started(message, case_id, image=image, now=10.0, timeout=100.0)))
    tracking.started_by(starter, case_id)
    return told


def learned(tracking, case_id, feature_map=(1.0,)):
    tracking.cases.checked(case_id)
    return tracking.apply(FeatureMapLearned(case_id, list(feature_map), None))


def sent(told, peer, kind=None):
    """Return what one peer is sent, in order, of one kind where that is given."""
    mine = [delivery.message for delivery in told if peer in delivery.peers]
    return [message for message in mine if kind is None or isinstance(message, kind)]


def everybody(told):
    return {peer for delivery in told for peer in delivery.peers}


# Starting.


@pytest.mark.parametrize(
    ("message", "fault", "code", "text"),
    [
        (Start(), BadInput, "bad_message", "frameId with boxId, or image, got neither"),
        (Start(camera_id="door"), BadInput, "bad_message", "got neither"),
        (Start(camera_id="door", frame_id=1.0), BadInput, "bad_message", "got neither"),
        (Start(camera_id="door", box_id=1), BadInput, "bad_message", "got neither"),
        (Start(frame_id=1.0, box_id=1), BadInput, "bad_message", "expected cameraId"),
        (Start(camera_id="*", frame_id=1.0, box_id=1), BadInput, "bad_message", "expected cameraId"),
        (Start(camera_id="attic", frame_id=1.0, box_id=1), NotFound, "unknown_camera", "got 'attic'"),
        (Start(camera_id="attic", image="x"), NotFound, "unknown_camera", "got 'attic'"),
        (Start(camera_id="gate", frame_id=1.0, box_id=1), Unavailable, "camera_offline", "got 'gate'"),
    ],
)
def test_a_start_that_cannot_work_is_refused(tracking, message, fault, code, text):
    join(tracking, GATE, "gate")
    tracking.processor_left(GATE, now=2.0)
    with pytest.raises(fault, match=text) as refusal:
        tracking.check_start(message)
    assert refusal.value.code == code
    assert len(tracking.cases) == 0


@pytest.mark.parametrize(
    "message", [BY_BOX, BY_PICTURE, Start(camera_id="*", image="x"), Start(camera_id="yard", image="x")]
)
def test_a_start_that_can_work_is_not_refused(tracking, message):
    tracking.check_start(message)


def test_a_camera_named_by_number_is_found_by_its_text_and_the_other_way_round(tracking):
    join(tracking, GATE, 7)
    for camera_id in (7, "7"):
        tracking.check_start(Start(camera_id=camera_id, frame_id=1.0, box_id=1))


def test_one_object_too_many_is_refused(tracking, monkeypatch):
    monkeypatch.setattr(open_cases_module, "MOST_CASES", 1)
    opened(tracking, 1)
    with pytest.raises(Unavailable, match="at most 1 open cases"):
        tracking.check_start(BY_BOX)


def test_the_named_camera_alone_is_asked_and_gets_what_the_client_sent(tracking):
    told = opened(tracking, 1)
    assert sent(told, DOOR) == [to_processor.Start(object_id=1, frame_id=5.0, box_id=7)]
    assert everybody(told) == {DOOR}


def test_without_a_camera_one_of_them_encodes_the_picture(tracking):
    first, second = opened(tracking, 1, BY_PICTURE), opened(tracking, 2, BY_PICTURE)
    assert sent(first, DOOR) == [to_processor.Start(object_id=1, image="/9j/")]
    assert everybody(second) == {YARD}, "the camera with less to do is asked"


def test_without_any_camera_online_the_next_one_that_joins_is_asked(tracking):
    for peer in (DOOR, YARD):
        tracking.processor_left(peer, now=2.0)
    assert everybody(opened(tracking, 1, BY_PICTURE)) == set()
    _, told = join(tracking, GATE, "gate")
    assert [message.object_id for message in sent(told, GATE, to_processor.Start)] == [1]


def test_clients_that_use_images_are_told_the_new_object(tracking):
    tracking.uses_images(BORIS, wanted=True)
    told = opened(tracking, 1, BY_PICTURE)
    assert sent(told, BORIS) == [NewObject(object_id=1, image="/9j/")]
    assert sent(told, ANNA) == []
    assert sent(opened(tracking, 2), BORIS) == [NewObject(object_id=2)]


# Feature maps.


def test_a_feature_map_goes_to_every_processor_the_sender_included(tracking):
    opened(tracking, 1)
    told = learned(tracking, 1)
    assert everybody(told) == {DOOR, YARD}
    assert sent(told, DOOR) == [FeatureMap(object_id=1, feature_map=[1.0])]


def test_the_models_name_goes_along(tracking):
    opened(tracking, 1)
    told = tracking.apply(FeatureMapLearned(1, [1.0], "dlib"))
    assert sent(told, YARD)[0].model_id == "dlib"


def test_a_feature_map_of_an_unknown_case_is_refused(tracking):
    with pytest.raises(NotFound, match="expected an open case, got 9") as refusal:
        learned(tracking, 9)
    assert refusal.value.code == "unknown_object"


def test_a_processor_that_joins_late_gets_one_feature_map_for_each_object(tracking):
    opened(tracking, 1)
    opened(tracking, 2)
    learned(tracking, 2)
    _, told = join(tracking, GATE, "gate")
    assert sent(told, GATE) == [
        FeatureMap(object_id=1, feature_map={}),
        FeatureMap(object_id=2, feature_map=[1.0]),
    ]


def test_a_processor_that_joins_disturbs_no_other(tracking):
    opened(tracking, 1)
    opened(tracking, 2, BY_PICTURE)
    _, told = join(tracking, GATE, "gate")
    assert everybody(told) <= {GATE}


# A camera that comes back.


def test_the_asked_camera_is_asked_again_when_it_comes_back(tracking):
    opened(tracking, 1)
    tracking.processor_left(DOOR, now=2.0)
    _, told = join(tracking, GATE, "door")
    assert sent(told, GATE, to_processor.Start) == [to_processor.Start(object_id=1, frame_id=5.0, box_id=7)]


def test_a_camera_is_not_asked_again_for_what_it_has_told(tracking):
    opened(tracking, 1)
    learned(tracking, 1)
    tracking.processor_left(DOOR, now=2.0)
    _, told = join(tracking, GATE, "door")
    assert sent(told, GATE, to_processor.Start) == []


def test_an_encoding_moves_to_another_camera_when_the_asked_one_leaves(tracking):
    opened(tracking, 1, BY_PICTURE)
    told = tracking.processor_left(DOOR, now=2.0)
    assert sent(told, YARD, to_processor.Start) == [to_processor.Start(object_id=1, image="/9j/")]


def test_an_encoding_moves_when_the_asked_processor_takes_another_name(tracking):
    opened(tracking, 1, BY_PICTURE)
    _, told = join(tracking, DOOR, "gate")
    asked = sent(told, DOOR, to_processor.Start) + sent(told, YARD, to_processor.Start)
    assert [message.object_id for message in asked] == [1]


def test_an_encoding_is_asked_again_of_the_newer_socket_that_replaced_the_asked_one(tracking):
    opened(tracking, 1, BY_PICTURE)
    replaced, told = join(tracking, GATE, "door")
    assert replaced == DOOR
    asked = [delivery.peers for delivery in told if isinstance(delivery.message, to_processor.Start)]
    assert len(asked) == 1
    assert tracking.processor_left(DOOR, now=3.0) == [], "the stale close asks nobody a second time"


def test_an_encoding_of_the_last_camera_waits_for_the_next(tracking):
    opened(tracking, 1, BY_PICTURE)
    tracking.processor_left(YARD, now=2.0)
    tracking.processor_left(DOOR, now=2.0)
    _, told = join(tracking, GATE, "gate")
    assert [message.object_id for message in sent(told, GATE, to_processor.Start)] == [1]


# Ends.


def test_a_stop_tells_all_processors_and_the_clients_that_use_images(tracking):
    opened(tracking, 1)
    tracking.uses_images(BORIS, wanted=True)
    told = tracking.apply(tracking.cases.stopped(1))
    assert everybody(told) == {DOOR, YARD, BORIS}
    assert {delivery.message for delivery in told} == {Stop(object_id=1)}
    assert len(tracking.cases) == 0


def test_an_unknown_case_cannot_be_stopped(tracking):
    with pytest.raises(NotFound) as refusal:
        tracking.cases.stopped(1)
    assert refusal.value.code == "unknown_object"


def test_objects_end_when_their_time_is_over(tracking):
    opened(tracking, 1)
    assert tracking.cases.expired(now=109.9) == []
    (end,) = tracking.cases.expired(now=110.0)
    assert (end.case_id, end.reason) == (1, Reason.EXPIRED)
    assert everybody(tracking.apply(end)) == {DOOR, YARD}
    assert tracking.cases.expired(now=999.0) == []


def failed(object_id=1):
    return Error(code="no_face", message="expected a face, got none", reply_to="start", object_id=object_id)


def test_the_asked_processor_may_end_an_object_and_its_starter_is_told(tracking):
    opened(tracking, 1)
    end = tracking.fail(DOOR, failed())
    told = tracking.apply(end)
    assert end == CaseClosed(1, Reason.FAILED, "expected a face, got none")
    text = "expected a face, got none"
    assert sent(told, ANNA) == [Error(code="start_failed", message=text, reply_to="start", object_id=1)]
    assert sent(told, BORIS) == []
    assert sent(told, YARD) == [Stop(object_id=1)]


def test_the_camera_that_encodes_a_picture_may_end_its_object(tracking):
    opened(tracking, 1, BY_PICTURE)
    assert tracking.fail(YARD, failed()) is None
    assert tracking.fail(DOOR, failed()) is not None


@pytest.mark.parametrize("message", [BY_BOX, BY_PICTURE])
def test_a_processor_that_was_not_asked_ends_nothing(tracking, message):
    opened(tracking, 1, message)
    unidentified = 99
    assert tracking.fail(YARD, failed()) is None
    assert tracking.fail(unidentified, failed()) is None


def test_a_processor_that_was_asked_by_nobody_yet_ends_nothing(tracking):
    for peer in (DOOR, YARD):
        tracking.processor_left(peer, now=2.0)
    opened(tracking, 1, BY_PICTURE)
    assert tracking.fail(99, failed()) is None


def test_an_object_that_is_known_by_its_looks_is_ended_by_no_complaint(tracking):
    opened(tracking, 1)
    learned(tracking, 1)
    assert tracking.fail(DOOR, failed()) is None


@pytest.mark.parametrize("object_id", [None, 9])
def test_any_other_complaint_ends_nothing(tracking, object_id):
    opened(tracking, 1)
    assert tracking.fail(DOOR, failed(object_id)) is None


def test_a_starter_that_left_is_told_nothing(tracking):
    opened(tracking, 1)
    tracking.clients.leave(ANNA)
    assert ANNA not in everybody(tracking.apply(tracking.fail(DOOR, failed())))


# What clients want.


def test_a_client_that_uses_images_is_shown_every_object_that_has_one(tracking):
    opened(tracking, 1)
    opened(tracking, 2, BY_PICTURE)
    assert sent(tracking.uses_images(ANNA, wanted=True), ANNA) == [NewObject(object_id=2, image="/9j/")]


def test_a_client_that_uses_images_no_more_is_told_nothing_more(tracking):
    tracking.uses_images(ANNA, wanted=True)
    assert tracking.uses_images(ANNA, wanted=False) == []
    assert ANNA not in everybody(opened(tracking, 1, BY_PICTURE))


def test_a_subscriber_gets_the_cameras_now_and_at_every_change(tracking):
    (now,) = sent(tracking.subscribed(ANNA, Subscribe(cameras=True)), ANNA)
    assert [(view.camera_id, view.state) for view in now.cameras] == [("door", "online"), ("yard", "online")]
    (later,) = sent(tracking.processor_left(DOOR, now=5.0), ANNA, Cameras)
    assert [(view.state, view.since) for view in later.cameras] == [("offline", 5.0), ("online", 1.0)]
    assert BORIS not in everybody(tracking.processor_left(YARD, now=6.0))


# Who speaks for a camera.


def test_a_camera_is_named_in_the_form_in_which_it_came(tracking):
    join(tracking, GATE, 7)
    assert tracking.cameras.camera_id_of(GATE) == 7


def test_who_has_not_said_its_camera_or_was_replaced_speaks_for_none(tracking):
    join(tracking, GATE, "door")
    for peer in (99, DOOR):
        with pytest.raises(Conflict) as refusal:
            tracking.cameras.camera_id_of(peer)
        assert refusal.value.code == "not_identified"


def test_objects_that_were_sought_before_a_restart_are_sought_after_it():
    stored = Case(case_id=4, opened_at=1.0, expires_at=50.0, feature_map=[0.5], model_id="dlib")
    restarted = Talk([stored])
    _, told = join(restarted, DOOR, "door")
    assert sent(told, DOOR) == [FeatureMap(object_id=4, feature_map=[0.5], model_id="dlib")]
    assert [end.case_id for end in restarted.cases.expired(now=50.0)] == [4]


# Cases from photos.

ROW = tuple(number / 128 for number in range(128))
PHOTO = Photo(key="blob:1", name="a.jpg", received_at=1.0)


def case(case_id=1, **more):
    return Case(
        case_id=case_id,
        opened_at=1.0,
        expires_at=99.0,
        name="Anna",
        threshold=0.45,
        kind=Kind.CASE,
        state=CaseState.ENCODING,
        photos=(PHOTO,),
        **more,
    )


def test_a_case_from_photos_asks_no_processor(tracking):
    told = tracking.apply(CaseOpened(case()))
    assert sent(told, DOOR) == sent(told, YARD) == []
    assert sent(join(tracking, GATE, "gate")[1], GATE) == [FeatureMap(object_id=1, feature_map={})]
    assert tracking.fail(DOOR, Error(code="no_face", message="x", object_id=1)) is None


def test_references_go_to_every_processor_and_the_case_to_those_that_understand_it(tracking):
    tracking.processor_joined(GATE, "gate", None, now=1.0, features=("case", "later"))
    tracking.apply(CaseOpened(case()))
    told = tracking.apply(ReferencesLearned(1, (ROW,), "m"))
    feature_map = FeatureMap(object_id=1, feature_map=[list(ROW)], model_id="m")
    asked = to_processor.Case(object_id=1, name="Anna", threshold=0.45, expires_at=99.0)
    assert (sent(told, DOOR), sent(told, GATE)) == ([feature_map], [asked, feature_map])
    tracking.processor_left(GATE, now=2.0)
    _, told = tracking.processor_joined(GATE, "gate", None, now=3.0, features=("case",))
    assert sent(told, GATE) == [asked, feature_map]


def test_references_that_come_again_change_and_send_nothing(tracking):
    tracking.apply(CaseOpened(case()))
    tracking.apply(ReferencesLearned(1, (ROW,), "m"))
    known = tracking.cases.get(1)
    assert tracking.apply(ReferencesLearned(1, (), None)) == []
    assert tracking.cases.get(1) == known
    assert tracking.apply(ReferencesLearned(2, (ROW,), "m")) == []
    assert tracking.apply(SightingRejected(1, "1-a-a")) == []


def test_a_case_without_references_is_unusable_and_nobody_is_told(tracking):
    refused = (Refused(photo="a.jpg", code="no_face", message="x"),)
    tracking.apply(CaseOpened(case()))
    assert tracking.apply(ReferencesLearned(1, (), "m", refused)) == []
    assert (tracking.cases.get(1).state, tracking.cases.get(1).refused) == (CaseState.UNUSABLE, refused)


@pytest.mark.parametrize(
    ("feature_map", "rows"),
    [
        ([*ROW], 1),
        ([[*ROW], [*ROW]], 2),
        ({"any": 1}, 0),
        ([1.0], 0),
        ([], 0),
        (None, 0),
        ([[*ROW], "x"], 0),
        ("x" * 128, 0),
    ],
)
def test_only_feature_maps_of_our_form_are_references(feature_map, rows):
    assert len(Likeness(None, feature_map).references) == rows


# Several models.


def mixed():
    """A camera of each kind: two models of ours, a legacy processor, and one of ours that does not say its model."""
    made = Talk()
    made.processor_joined(DOOR, "door", None, now=1.0, features=("case",), model="dlib")
    made.processor_joined(YARD, "yard", None, now=1.0, features=("case",), model="sface")
    made.processor_joined(GATE, "gate", None, now=1.0)
    return made


def from_photos(tracking, *, models=("dlib", "sface")):
    first, *others = (Likeness(model, [[float(number)] * 128]) for number, model in enumerate(models, start=1))
    encoding = Case(1, 10.0, 110.0, kind=Kind.CASE, state=CaseState.ENCODING, threshold=0.5)
    tracking.apply(CaseOpened(encoding))
    return tracking.apply(ReferencesLearned(1, first.references, first.model_id, others=tuple(others)))


def maps(told, peer):
    return [(message.feature_map, message.model_id) for message in sent(told, peer, FeatureMap)]


def test_each_processor_is_told_a_case_from_photos_in_its_own_model():
    told = from_photos(mixed())
    assert maps(told, DOOR) == [([[1.0] * 128], "dlib")]
    assert maps(told, YARD) == [([[2.0] * 128], "sface")]
    assert maps(told, GATE) == [([[1.0] * 128], "dlib")], "as it always was told"


def test_a_map_goes_to_the_processors_of_its_model_only():
    tracking = mixed()
    from_photos(tracking, models=("dlib",))
    told = tracking.apply(FeatureMapLearned(1, [3.0] * 128, "sface"))
    assert everybody(told) == {YARD}
    assert maps(told, YARD) == [([3.0] * 128, "sface")]


def test_legacy_maps_are_relayed_among_legacy_processors():
    tracking = mixed()
    join(tracking, GATE + 10, "other gate")
    from_photos(tracking)
    assert tracking.processor_told_map(GATE, "") == []
    told = tracking.apply(FeatureMapLearned(1, [7.0], None))
    assert everybody(told) == {GATE, GATE + 10}
    tracking.processor_left(GATE, now=2.0)
    _, told = join(tracking, GATE + 20, "gate")
    assert maps(told, GATE + 20) == [([7.0], None)]


def test_a_late_processor_of_a_model_that_nobody_made_is_told_that_the_case_waits():
    tracking = mixed()
    from_photos(tracking, models=("dlib",))
    _, told = tracking.processor_joined(BORIS + 1, "late", None, now=2.0, features=("case",), model="third")
    assert maps(told, BORIS + 1) == [({}, None)]


def test_whom_a_case_does_not_mean_is_told_in_each_model():
    tracking = mixed()
    from_photos(tracking)
    told = tracking.apply(NegativesLearned(1, ((9.0,) * 128,), "sface"))
    assert everybody(told) == {YARD}
    (judge,) = sent(told, YARD, to_processor.Case)
    assert (judge.negatives, judge.model_id) == (((9.0,) * 128,), "sface")


def test_a_processor_that_names_its_model_late_is_told_what_it_could_not_use_before():
    tracking = Talk()
    tracking.processor_joined(DOOR, "door", None, now=1.0, features=("case",))
    from_photos(tracking, models=("sface", "dlib-of-old"))
    assert tracking.cameras.models() == frozenset()
    told = tracking.processor_told_map(DOOR, "dlib-of-old")
    assert maps(told, DOOR) == [([[2.0] * 128], "dlib-of-old")]
    assert (tracking.cameras.models(), tracking.processor_told_map(DOOR, "sface")) == ({"dlib-of-old"}, [])


def test_the_models_in_use_are_those_of_the_connected_processors():
    tracking = mixed()
    assert tracking.cameras.models() == {"dlib", "sface", ""}
    assert [tracking.encoder_for(model) for model in ("sface", "", "third")] == ["yard", "gate", None]
    tracking.processor_left(YARD, now=2.0)
    assert tracking.cameras.models() == {"dlib", ""}
    assert [tracking.cameras.model_of(peer) for peer in (DOOR, GATE, YARD)] == ["dlib", "", None]


# Budgets of false candidates.


def watched():
    """A camera of each engine that understands `case`, and a legacy one."""
    made = Talk()
    made.processor_joined(DOOR, "door", None, now=1.0, features=("case",), model=DLIB)
    made.processor_joined(YARD, "yard", None, now=1.0, features=("case",), model=SFACE)
    made.processor_joined(GATE, "gate", None, now=1.0)
    return made


def budgeted(tracking, case_id, *, rows=1, **more):
    encoding = Case(case_id, 10.0, 110.0, kind=Kind.CASE, state=CaseState.ENCODING, **more)
    references = tuple((float(number),) * 128 for number in range(rows))
    told = list(tracking.apply(CaseOpened(encoding)))
    event = ReferencesLearned(case_id, references, DLIB, others=(Likeness(SFACE, [list(row) for row in references]),))
    return told + tracking.apply(event)


def thresholds(told, peer):
    return {message.object_id: message.threshold for message in sent(told, peer, to_processor.Case)}


def test_each_processor_is_told_the_distance_that_the_budget_leaves_in_its_model():
    told = budgeted(watched(), 1, rows=2)
    assert thresholds(told, DOOR) == {1: distance_of(3e-4, DLIB, references=2)}
    assert thresholds(told, YARD) == {1: distance_of(3e-4, SFACE, references=2)}
    assert sent(told, GATE, to_processor.Case) == []


def test_a_word_and_a_number_give_other_distances():
    told = [thresholds(budgeted(watched(), 1, **more), YARD)[1] for more in ({}, {"sensitivity": Sensitivity.STRICT})]
    assert told[1] < told[0]
    assert thresholds(budgeted(watched(), 1, false_candidates_per_day=0.5), YARD)[1] == told[1]


def test_distances_are_told_again_when_another_case_shares_the_budget_and_when_it_is_closed():
    tracking = watched()
    alone = thresholds(budgeted(tracking, 1), YARD)[1]
    told = thresholds(budgeted(tracking, 2), YARD)
    assert told[1] == told[2] == distance_of(1.5e-4, SFACE, references=1) < alone
    closed = tracking.apply(CaseClosed(1, Reason.STOPPED, ""))
    assert thresholds(closed, YARD) == {2: alone}
    assert set(thresholds(closed, DOOR)) == {2}
    assert sent(closed, GATE) == [Stop(object_id=1)], "legacy processors are told no distance"


def test_distances_are_told_again_when_references_are_learned():
    tracking = watched()
    before = thresholds(budgeted(tracking, 1), YARD)[1]
    told = tracking.apply(FeatureMapLearned(1, [[1.0] * 128, [2.0] * 128], SFACE))
    assert thresholds(told, YARD) == {1: distance_of(3e-4, SFACE, references=2)}
    assert thresholds(told, YARD)[1] < before
    assert everybody(told) == {YARD}


def test_a_person_who_was_marked_by_a_box_has_a_budget_as_well():
    tracking = watched()
    tracking.apply(CaseOpened(Case(1, 10.0, 110.0, camera="yard")))
    told = tracking.apply(FeatureMapLearned(1, [1.0] * 128, SFACE))
    judge, learn = sent(told, YARD)
    assert (judge.threshold, learn.feature_map) == (distance_of(3e-4, SFACE, references=1), [1.0] * 128)


def test_a_stated_distance_is_never_told_again():
    tracking = watched()
    assert thresholds(budgeted(tracking, 1, threshold=0.45), DOOR) == {1: 0.45}
    assert set(thresholds(budgeted(tracking, 2), DOOR)) == {2}
    assert thresholds(tracking.apply(CaseClosed(2, Reason.STOPPED, "")), DOOR) == {}


def test_of_many_cases_not_every_opening_is_told():
    tracking = watched()
    spoken = 0
    for number in range(1, 201):
        spoken += len(sent(budgeted(tracking, number), YARD, to_processor.Case))
    assert spoken < 200 * 6
