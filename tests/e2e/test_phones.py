"""Ten real phones, three real cloudlets and a real worker: spread by load, moved when one dies, each match once."""

import io
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from backbone.face_models.names import DEFAULT, TOLERANCES
from drill.footage import Footage
from drill.phone_photos import make_phone_photos
from tests.conftest import RedisServer
from tests.e2e.test_legacy_combinations import our_cloudlet_role, phone_process
from tests.processes import ANSWER_SECONDS, Role, free_port, role, wait_until

PHONES, CLOUDLETS, FILLERS = 10, 3, 50
_EXIF, _TAKEN, _OFFSET, _GPS = 0x8769, 0x9003, 0x9011, 0x8825
PATIENCE = 120.0


def with_exif(photo: bytes, taken_at: int, degrees: int) -> bytes:
    """Return a photo that tells this moment, and as its place so many degrees north and east."""
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(_EXIF)[_TAKEN] = time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(taken_at))
    exif.get_ifd(_EXIF)[_OFFSET] = "+00:00"
    exif.get_ifd(_GPS).update({1: "N", 2: (float(degrees), 30.0, 0.0), 3: "E", 4: (float(degrees), 0.0, 36.0)})
    with Image.open(io.BytesIO(photo)) as opened:
        opened.save(out, "JPEG", quality="keep", exif=exif)
    return out.getvalue()


def small() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "gray").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def photos(footage: Footage, tmp_path: Path) -> list[bytes]:
    """Two photos of the sought person and one of others."""
    made = make_phone_photos(footage, tmp_path / "stills", taken_at=None)
    shown = [photo.path.read_bytes() for photo in made if photo.shows_sought]
    return [*shown[:2], next(photo.path.read_bytes() for photo in made if not photo.shows_sought)]


@pytest.fixture
def house(redis_server: RedisServer) -> Iterator[Role]:
    worker = ("--redis-url", redis_server.url, "--port", "0", "--processes", "2")
    server = ("--port", "0", "--redis-url", redis_server.url, "--cloudlet-heartbeat", "10")
    with role("job_workers", *worker) as workers, role("processor_orchestrator", *server) as running:
        running.wait_for_event("loaded")
        wait_until(lambda: len(workers.events("worker_ready")) == 2, "both workers")
        yield running


def listed(house: Role, path: str) -> list[Any]:
    return list(requests.get(f"{house.url}/api/{path}", timeout=ANSWER_SECONDS).json()["data"])


def halt(cloudlet: Role) -> None:
    cloudlet.process.send_signal(signal.SIGSTOP)


def go_on(cloudlet: Role) -> None:
    cloudlet.process.send_signal(signal.SIGCONT)


def test_ten_phones_over_three_cloudlets_lose_and_double_no_match_when_one_is_killed(
    house: Role, redis_server: RedisServer, footage: Footage, photos: list[bytes], tmp_path: Path
) -> None:
    began, filler = int(time.time()) - 100_000, small()
    # A phone's first batch holds the first photo of the sought person, its second batch the other one.
    albums = [
        {
            "00.jpg": with_exif(photos[0], began + 10 * phone, 10 + phone),
            "01.jpg": with_exif(photos[2], began + 10 * phone + 1, 10 + phone),
            **{f"{number:02}.jpg": filler for number in range(2, 2 + FILLERS)},
            "99.jpg": with_exif(photos[1], began + 10 * phone + 2, 10 + phone),
        }
        for phone in range(PHONES)
    ]
    wanted = {began + 10 * phone + at: phone for phone in range(PHONES) for at in (0, 2)}
    with ExitStack() as stack:
        servers, ports = [house.url, house.url], [free_port() for _ in range(CLOUDLETS)]
        cloudlets = [stack.enter_context(our_cloudlet_role(servers, redis_server, tmp_path, port)) for port in ports]
        doomed, *others = cloudlets
        with footage.case_photo.open("rb") as photo:
            made = requests.post(
                f"{house.url}/api/cases", data={"name": "Anna"}, files={"photos": photo}, timeout=ANSWER_SECONDS
            )
        made.raise_for_status()
        for cloudlet in cloudlets:
            wait_until(lambda c=cloudlet: c.metric("cloudlet_jobs", state="open") == 1, "the job at each cloudlet")
        for cloudlet in cloudlets:  # so that all phones are there at the same time
            stack.callback(go_on, cloudlet)
            halt(cloudlet)
        phones = [
            stack.enter_context(
                phone_process(house.url, album, tmp_path / str(n), *(["--with-location"] if n % 2 else []))
            )
            for n, album in enumerate(albums)
        ]
        wait_until(lambda: sum(told["phones"] for told in listed(house, "cloudlets")) == PHONES, "ten phones")
        assert sorted(told["phones"] for told in listed(house, "cloudlets")) == [3, 3, 4]
        go_on(doomed)
        wait_until(lambda: doomed.metric("cloudlet_photos_total") > 0, "photos at the cloudlet that will die")
        doomed.kill()
        for other in others:
            go_on(other)
        told = [phone.communicate(timeout=PATIENCE) for phone in phones]
        assert [phone.returncode for phone in phones] == [0] * PHONES, told
        assert sum("asking for another" in errors for _, errors in told) > 0
        again = stack.enter_context(our_cloudlet_role(servers, redis_server, tmp_path, ports[0]))
        wait_until(
            lambda: {round(seen["takenAt"]) for seen in listed(house, "sightings")} >= set(wanted),
            "two matches of each phone",
            patience=PATIENCE,
        )
        for cloudlet in (again, *others):
            wait_until(lambda c=cloudlet: c.metric("cloudlet_batches") == 0, "every batch's end", patience=PATIENCE)
            wait_until(lambda c=cloudlet: c.metric("cloudlet_spooled_bytes") == 0, "an empty spool")
        found = listed(house, "sightings")
        assert Counter(round(seen["takenAt"]) for seen in found) == Counter(wanted.keys())
        for seen in found:
            phone = wanted[round(seen["takenAt"])]
            degrees = {"latitude": 10 + phone + 0.5, "longitude": 10 + phone + 0.01}
            assert seen.get("place") == (pytest.approx(degrees) if phone % 2 else None)
            assert 0.0 < seen["distance"] <= TOLERANCES[DEFAULT]
            assert (seen["source"], seen["hasCrop"], seen["objectId"]) == ("phone", True, made.json()["objectId"])
        assert {seen["cloudlet"] for seen in found} <= {f"127.0.0.1:{port}" for port in ports}
        assert len({seen["cloudlet"] for seen in found}) >= 2
        wait_until(lambda: sum(told["phones"] for told in listed(house, "cloudlets")) == 0, "the phones to leave")
