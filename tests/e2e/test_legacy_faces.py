"""Legacy peers and ours with real faces: the real worker where ours match, face_recognition where a legacy one does.

Whoever delivers, the photos in a match are the files that the phone sent, byte for byte.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import face_recognition
import numpy as np
import pytest
import requests
from PIL import Image, ImageFile

from backbone.face_models.names import DEFAULT, TOLERANCES
from drill.footage import Footage
from drill.phone_photos import PhonePhoto, make_phone_photos
from tests.conftest import RedisServer
from tests.e2e.test_legacy_combinations import (
    JOB,
    LegacySide,
    OurSide,
    ServerSide,
    legacy_server,
    our_cloudlet,
    our_phone,
    our_server,
)
from tests.fakes.legacy_peers import LegacyCloudlet, legacy_phone, photos_in
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

# Importing face_recognition makes Pillow take pictures that are cut short, in the whole process: put that back.
ImageFile.LOAD_TRUNCATED_IMAGES = False
PATIENCE = 90.0


def shows(sought: list[bytes], content: bytes) -> bool:
    """Whether the first face of a photo is one of the sought: the legacy cloudlet's way."""
    faces = [face_recognition.face_encodings(picture(photo), model="small") for photo in [*sought, content]]
    *known, (found, *_) = [rows or [None] for rows in faces]
    references = [rows[0] for rows in known if rows[0] is not None]
    return found is not None and any(face_recognition.compare_faces(references, found))


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.fixture
def photos(footage: Footage, tmp_path: Path) -> list[PhonePhoto]:
    return make_phone_photos(footage, tmp_path / "stills", taken_at=1_700_000_000.0)


@pytest.fixture
def workers(redis_server: RedisServer) -> Iterator[Role]:
    arguments = ("--redis-url", redis_server.url, "--port", "0", "--processes", "1")
    with role("job_workers", *arguments) as running:
        wait_until(lambda: running.events("worker_ready"), "the worker")
        yield running


@contextmanager
def legacy_cloudlet(side: ServerSide) -> Iterator[LegacyCloudlet]:
    cloudlet = LegacyCloudlet([side.url, side.url], shows)
    cloudlet.start()
    try:
        yield cloudlet
    finally:
        cloudlet.close()


def send(kind: str, server: str, photos: list[PhonePhoto], folder: Path) -> None:
    content = {photo.path.name: photo.path.read_bytes() for photo in photos}
    if kind == "legacy":
        legacy_phone(server, content, patience=PATIENCE)
    else:
        our_phone(server, content, folder, "--with-location")


def originals(photos: list[PhonePhoto]) -> dict[str, bytes]:
    return {photo.path.name: photo.path.read_bytes() for photo in photos if photo.shows_sought}


@pytest.mark.parametrize("phone", ["legacy", "ours"])
def test_a_legacy_server_gets_the_original_files_from_our_cloudlet(
    phone: str, workers: Role, redis_server: RedisServer, footage: Footage, photos: list[PhonePhoto], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        side = stack.enter_context(legacy_server(redis_server))
        assert isinstance(side, LegacySide)
        jobs = stack.enter_context(our_cloudlet([side.url, side.url], redis_server, tmp_path))
        side.open_job(JOB, {"anna/a.jpg": footage.case_photo.read_bytes()})
        wait_until(lambda: jobs() == 1, "the job's references")
        send(phone, side.url, photos, tmp_path / "photos")
        wait_until(lambda: side.deliveries() == 1, "the match", patience=PATIENCE)
        [(job, packed)] = side.server.matches
        files = photos_in(packed)
        files.pop("match.json")
        assert (job, files) == (JOB, originals(photos))


def test_our_server_and_cloudlet_find_a_legacy_phones_person(
    workers: Role, redis_server: RedisServer, footage: Footage, photos: list[PhonePhoto], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        side = stack.enter_context(our_server(redis_server))
        jobs = stack.enter_context(our_cloudlet([side.url, side.url], redis_server, tmp_path))
        side.open_job(JOB, {"anna/a.jpg": footage.case_photo.read_bytes()})
        wait_until(lambda: jobs() == 1, "the job's references")
        send("legacy", side.url, photos, tmp_path / "photos")
        wait_until(lambda: side.deliveries() == len(originals(photos)), "a sighting of each photo", patience=PATIENCE)
        assert isinstance(side, OurSide)
        seen = requests.get(f"{side.url}/api/sightings", timeout=ANSWER_SECONDS).json()["data"]
        assert all(sighting["distance"] <= TOLERANCES[DEFAULT] and sighting["hasCrop"] for sighting in seen)


def test_our_server_takes_what_a_legacy_cloudlet_finds_with_face_recognition(
    workers: Role, redis_server: RedisServer, footage: Footage, photos: list[PhonePhoto], tmp_path: Path
) -> None:
    alone = next(photo for photo in photos if photo.shows_sought and shows([case(footage)], photo.path.read_bytes()))
    strangers = next(photo for photo in photos if not photo.shows_sought)
    with ExitStack() as stack:
        side = stack.enter_context(our_server(redis_server))
        cloudlet = stack.enter_context(legacy_cloudlet(side))
        side.open_job(JOB, {"anna/a.jpg": case(footage)})
        wait_until(lambda: JOB in cloudlet.jobs, "the job, with the small picture that our worker made of it")
        send("ours", side.url, [alone, strangers], tmp_path / "photos")
        wait_until(lambda: side.deliveries() > 0, "the match", patience=PATIENCE)
        assert side.deliveries() == 1


def case(footage: Footage) -> bytes:
    return footage.case_photo.read_bytes()
