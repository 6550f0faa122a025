"""The matching to measure against finds who is on a photo, among all faces of it."""

import io

import face_recognition
import pytest
from PIL import Image

from benchmarks.peers.legacy_cloudlet import matches


@pytest.fixture(scope="module")
def people(pictures):
    return {name: pictures[name] for name in ("obama", "biden")}


def jpeg(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture(scope="module")
def jobs(people):
    return {name: face_recognition.face_encodings(picture, model="small") for name, picture in people.items()}


def test_each_photo_is_told_for_the_job_of_its_person_and_no_other(people, jobs):
    photos = [jpeg(people["biden"]), jpeg(people["obama"])]
    assert matches(photos, jobs, tolerance=0.6) == {(0, "biden"), (1, "obama")}


def test_nobody_is_found_without_jobs(people):
    assert matches([jpeg(people["biden"])], {}, tolerance=0.6) == set()
