"""What workers can use is not what they use."""

from backbone.jobs.worker_models import WorkerModels
from backbone.wire.jobs import UNTOLD


def test_a_workers_own_model_is_the_first_that_it_tells():
    told = WorkerModels.of(["sface dlib", "dlib sface", UNTOLD, ""])
    assert told == WorkerModels(own=frozenset({"sface", "dlib"}), every=frozenset({"sface", "dlib"}))
    assert WorkerModels.of(["sface dlib"]) == WorkerModels(frozenset({"sface"}), frozenset({"sface", "dlib"}))


def test_nobody_has_no_model():
    assert WorkerModels.of([]) == WorkerModels(frozenset(), frozenset())
