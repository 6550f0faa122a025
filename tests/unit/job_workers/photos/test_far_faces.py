"""A face that is far away in a phone's photo is found with the defaults: it is not made smaller before."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drill.pictures import fetch_pictures
from faces import load_engine
from job_workers.photos.photo_reader import PhotoRead, read_photo
from job_workers.photos.photo_search import PhotoSearch, SoughtPeople
from job_workers.settings import Settings

PHONE = (4032, 3024)
FACE_PX = 60
CORNER = (2900, 1500)
NEAR_ENOUGH = 1.06
"""Euclidean; the authors of SFace name 1.128."""


@pytest.fixture(scope="module")
def engine():
    return load_engine("sface")


@pytest.fixture(scope="module")
def portrait():
    paths = fetch_pictures(Path(__file__).parents[4] / "var")
    return Image.open(paths["obama.jpg"]).convert("RGB")


def default(name):
    return Settings.model_fields[name].default


def far(portrait, box):
    """Return the JPEG of a phone's photo, in which the face is so wide."""
    left, top, right, bottom = (float(side) for side in box)
    width = right - left
    cut = portrait.crop(tuple(round(side) for side in (left - width / 2, top - width / 2, right + width / 2, bottom)))
    face = cut.resize(tuple(round(side * FACE_PX / width) for side in cut.size), Image.Resampling.LANCZOS)
    colours = np.random.default_rng(1).integers(60, 200, (6, 8, 3), dtype=np.uint8)
    photo = Image.fromarray(colours).resize(PHONE, Image.Resampling.BICUBIC)
    photo.paste(face, CORNER)
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=92)
    return out.getvalue()


def test_a_face_of_60_px_in_a_photo_of_12_megapixels_is_found_and_recognised(engine, portrait):
    picture = np.asarray(portrait)
    search = PhotoSearch(engine, smallest_face=default("smallest_face") or engine.min_face_px)
    near = engine.detect(picture, 60)
    sought = SoughtPeople(
        engine.model_id,
        ("sought",),
        (NEAR_ENOUGH,),
        engine.encode(picture, near),
        np.zeros(len(near), dtype=np.intp),
        {},
    )
    photo = read_photo(far(portrait, near.boxes[0]), longest_side=default("longest_side"))
    assert photo.picture.shape == (*reversed(PHONE), 3)
    found = search.matches(0, PhotoRead(photo.picture), sought, with_place=False)
    assert [match.name for match in found] == ["sought"]
    assert (found[0].rect[0] * PHONE[0], found[0].rect[1] * PHONE[1]) == pytest.approx(
        (CORNER[0] + FACE_PX / 2, CORNER[1] + FACE_PX / 2), abs=20
    )
