"""Faces against everyone who is sought: nearest reference, own tolerance, one model."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from backbone.errors import BadInput, Conflict
from backbone.wire.jobs import GalleryFile, Sought
from cloudlet.settings import Settings
from faces import DEFAULT_ENGINE, engine_kind
from job_workers.photos.photo_reader import PhotoRead
from job_workers.photos.photo_search import PhotoSearch, PhotoSearches, SoughtPeople, crop, share_of
from tests.fakes.face_engine import Engine, at

PICTURE = np.zeros((100, 200, 3), np.uint8)


def gallery(*sought, model_id="m"):
    people = tuple(
        Sought(name=n, tolerance=t, embeddings=tuple(tuple(map(float, at(d))) for d in ds)) for n, t, ds in sought
    )
    return SoughtPeople.of(model_id, people)


def search(*found):
    return PhotoSearch(Engine(*found), smallest_face=40)


def test_the_nearest_reference_of_each_person_counts():
    found = search(([10, 10, 30, 30], at(0.0))).matches(
        3, PhotoRead(PICTURE), gallery(("a", 0.6, (0.9, 0.5)), ("b", 0.4, (0.5,)), ("c", 0.6, (0.2,))), with_place=False
    )
    assert [(match.name, round(match.distance, 3), match.photo) for match in found] == [("a", 0.5, 3), ("c", 0.2, 3)]


def test_every_face_of_a_photo_may_match():
    two = search(([10, 10, 30, 30], at(5.0)), ([100, 50, 140, 90], at(0.1)))
    found = two.matches(0, PhotoRead(PICTURE), gallery(("a", 0.6, (0.0,))), with_place=False)
    assert [match.rect for match in found] == [pytest.approx((0.5, 0.5, 0.7, 0.9))]


def test_somebody_without_references_and_an_empty_gallery_match_nobody():
    face = search(([10, 10, 30, 30], at(0.0)))
    assert face.matches(0, PhotoRead(PICTURE), gallery(("a", 0.6, ())), with_place=False) == []
    assert face.matches(0, PhotoRead(PICTURE), gallery(), with_place=False) == []


def test_who_is_nearer_to_a_rejected_face_than_to_a_reference_does_not_match():
    def near(*, face_at, negative_at):
        rejected = Sought("a", 0.6, (tuple(map(float, at(0.5))),), (tuple(map(float, at(negative_at))),))
        sought = SoughtPeople.of("m", (rejected,))
        return [name for name, _ in sought.near(at(face_at))]

    assert near(face_at=0.0, negative_at=0.1) == []
    assert near(face_at=0.0, negative_at=-0.6) == ["a"]
    assert near(face_at=0.4, negative_at=0.0) == ["a"]


def test_a_gallery_of_another_model_is_refused():
    with pytest.raises(Conflict, match="expected a gallery of model m, got other"):
        search(([10, 10, 30, 30], at(0.0))).matches(
            0, PhotoRead(PICTURE), gallery(("a", 0.6, (0.0,)), model_id="other"), with_place=False
        )


def known_as(name, distance):
    return Sought(name=name, tolerance=0.6, embeddings=(tuple(map(float, at(distance))),))


def several(*, more):
    """Return a worker's engines and the list of those that were loaded late."""
    loaded = []

    def load():
        loaded.append("s")
        return PhotoSearch(Engine(([10, 10, 30, 30], at(7.0)), model_id="s"), smallest_face=40)

    own = PhotoSearch(Engine(([10, 10, 30, 30], at(0.0))), smallest_face=40)
    return PhotoSearches(own, {"s": load} if more else {}), loaded


def test_each_person_is_looked_for_by_an_engine_that_knows_them_and_never_by_another_models_numbers():
    both = GalleryFile("m", (known_as("a", 0.1),), (GalleryFile("s", (known_as("a", 7.0), known_as("b", 7.2))),))
    searches, loaded = several(more=True)
    looking = searches.looking(both)
    found = looking.matches(0, PhotoRead(PICTURE), with_place=False)
    assert [(match.name, match.model_id, round(match.distance, 3)) for match in found] == [
        ("a", "m", 0.1),
        ("b", "s", 0.2),
    ]
    assert (looking.passed_over, loaded) == (0, ["s"])


def test_who_is_known_to_no_engine_here_is_passed_over_and_counted():
    # The other model's numbers are those of the face in the picture: compared, they would match.
    both = GalleryFile("m", (known_as("a", 0.1),), (GalleryFile("s", (known_as("b", 0.0), known_as("a", 0.0))),))
    searches, _ = several(more=False)
    looking = searches.looking(both)
    assert [match.name for match in looking.matches(0, PhotoRead(PICTURE), with_place=False)] == ["a"]
    assert looking.passed_over == 1


def test_a_gallery_of_strange_models_only_is_refused_and_an_empty_one_is_not():
    searches, _ = several(more=False)
    with pytest.raises(Conflict, match="expected a gallery of model m, got s"):
        searches.looking(GalleryFile("s", (known_as("b", 0.0),)))
    assert not searches.looking(GalleryFile("s", ())).anybody


def test_an_engine_is_loaded_when_its_model_is_wanted():
    searches, loaded = several(more=True)
    assert (searches.models, [search.model_id for search in searches.wanted(["x", "m"])]) == (("m", "s"), ["m"])
    assert loaded == []
    assert [search.model_id for search in searches.wanted(["s"])] == ["m", "s"]
    assert [search.model_id for search in searches.wanted(["s"])] == ["m", "s"]
    assert loaded == ["s"]


def test_embeddings_of_another_length_are_refused():
    with pytest.raises(BadInput, match="128"):
        SoughtPeople.of("m", (Sought(name="a", tolerance=0.6, embeddings=((1.0,),)),))


def test_the_largest_face_is_the_reference():
    found = search(([10, 10, 20, 20], at(1.0)), ([50, 10, 90, 50], at(2.0))).reference("p", PICTURE)
    assert found.embedding[0] == 2.0
    with Image.open(io.BytesIO(base64.b64decode(found.chip))) as chip:
        assert chip.size == (80, 70)  # twice the face, cut at the upper edge


def test_a_reference_without_a_face_is_refused():
    with pytest.raises(BadInput, match="face"):
        search().reference("p", PICTURE)


def test_shares_stay_within_the_picture_and_crops_are_small():
    assert share_of(np.array([-10, 50, 220, 100], np.float32), PICTURE) == (0.0, 0.5, 1.0, 1.0)
    large = np.zeros((2000, 2000, 3), np.uint8)
    with Image.open(io.BytesIO(base64.b64decode(crop(large, np.array([500, 500, 1500, 1500], np.float32))))) as image:
        assert max(image.size) == 256


def test_cloudlets_expect_the_model_that_the_workers_have():
    assert Settings.model_fields["model_id"].default == engine_kind(DEFAULT_ENGINE).model_id
