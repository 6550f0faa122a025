"""One worker looks with its own engine, and with another one for whoever only that one knows."""

import pytest

from backbone.face_models.names import DLIB, SFACE
from faces import EngineMissing
from job_workers.photos.engines import photo_searches
from tests.fakes.face_engine import Engine

MODELS = {"sface": SFACE, "dlib": DLIB, "face_recognition": DLIB}


class Loader:
    """Loads engines that find nothing, and notes which."""

    def __init__(self, *missing):
        self.missing, self.loaded = missing, []

    def __call__(self, name, *, detector):
        if name in self.missing:
            raise EngineMissing(f"{name} is not installed")
        self.loaded.append((name, detector))
        return Engine(model_id=MODELS[name])


@pytest.mark.parametrize(
    ("engine", "detector", "own", "models"),
    [
        (None, None, ("sface", "yunet"), (SFACE, DLIB)),
        (None, "hog", ("dlib", "hog"), (DLIB, SFACE)),
        ("dlib", None, ("dlib", "cnn"), (DLIB, SFACE)),
        ("face_recognition", None, ("face_recognition", "hog"), (DLIB, SFACE)),
    ],
)
def test_a_worker_loads_one_engine_and_names_the_other_models_that_it_could_use(engine, detector, own, models):
    load = Loader()
    searches = photo_searches(engine, detector, smallest_face=None, load=load)
    assert (searches.model_id, searches.models, load.loaded) == (models[0], models, [own])


def test_another_engine_is_loaded_by_the_first_task_that_asks_for_its_model():
    load = Loader()
    searches = photo_searches(None, None, smallest_face=None, load=load)
    assert [search.model_id for search in searches.wanted([DLIB])] == [SFACE, DLIB]
    searches.wanted([DLIB])
    assert load.loaded == [("sface", "yunet"), ("dlib", "cnn")]


def test_an_engine_that_is_not_installed_is_not_used_and_said(capsys):
    searches = photo_searches(None, None, smallest_face=None, load=Loader("dlib"))
    assert [search.model_id for search in searches.wanted([DLIB])] == [SFACE]
    assert searches.models == (SFACE,)
    assert "the engine dlib is not used: dlib is not installed" in capsys.readouterr().err


def test_a_worker_whose_own_engine_is_missing_does_not_start():
    with pytest.raises(EngineMissing):
        photo_searches("dlib", None, smallest_face=None, load=Loader("dlib"))
