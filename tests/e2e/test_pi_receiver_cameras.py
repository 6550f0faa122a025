"""A Pi that collects pictures is a camera with a delay: they are compared, and a match names the station."""

import json

import pytest

from tests.e2e.test_cloudlet import ANNA, BORIS, NOBODY, Setup
from tests.fakes.legacy_server import legacy_server
from tests.fakes.photo_worker import photo_worker
from tests.processes import wait_until
from tests.receivers import Receiving


@pytest.fixture
def server():
    with legacy_server() as running:
        yield running


@pytest.fixture
def setup(redis_server, tmp_path, server):
    return Setup(redis_server, tmp_path, server.place, server.place)


def test_a_received_picture_is_compared_and_the_match_tells_station_and_time(setup, server, tmp_path):
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "jpg,txt")
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}")
    with setup.running(), photo_worker(setup.redis.port), receiving.running(*arguments) as role:
        setup.new_job("anna", ANNA)
        pi = receiving.pi(station="70")
        assert pi.send(("yard.jpg", ANNA + b" yard"), ("tree.jpg", NOBODY), ("a.txt", b"no picture")) == ["200"] * 3
        wait_until(lambda: server.matches, "the match")
        wait_until(lambda: role.metric("pi_receiver_forwarded_total", kind="picture") == 2, "both pictures")
    job, files = server.matches[0]
    manifest = json.loads(files["match.json"])
    assert (job, manifest["device"], files["yard.jpg"]) == ("anna", "station 70", ANNA + b" yard")
    assert 0 < manifest["receivedAt"] <= (receiving.store / "station70" / "yard.jpg").stat().st_mtime + 60
    assert len(server.matches) == 1


def test_a_picture_of_a_pi_makes_no_match_for_a_job_that_was_deleted_meanwhile(setup, server, tmp_path):
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "jpg")
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}")
    with setup.running() as cloudlet, photo_worker(setup.redis.port) as worker, receiving.running(*arguments) as role:
        setup.new_job("anna", ANNA)
        setup.new_job("boris", BORIS)
        wait_until(lambda: cloudlet.metric("cloudlet_jobs", state="open") == 2, "both jobs")
        worker.pause()
        assert receiving.pi(station="75").send(("a.jpg", ANNA), ("b.jpg", BORIS)) == ["200"] * 2
        wait_until(lambda: role.metric("pi_receiver_forwarded_total", kind="picture") == 2, "both pictures")
        assert setup.ask("deleteJob", jobName="anna").status_code == 200
        worker.go_on()
        wait_until(lambda: server.matches, "the match of the other job")
        wait_until(lambda: not setup.blobs(), "the end of both batches")
    assert [job for job, _ in server.matches] == ["boris"]


def test_pictures_wait_for_a_cloudlet_that_is_away_over_a_restart(setup, server, tmp_path):
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "jpg")
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}")
    with receiving.running(*arguments) as role:
        assert receiving.pi(station="71").send(("yard.jpg", ANNA)) == ["200"]
        role.wait_for_event("forwarding_waits")
        role.kill()
    with setup.running(), photo_worker(setup.redis.port):
        setup.new_job("anna", ANNA)
        with receiving.running(*arguments):
            wait_until(lambda: server.matches, "the match")
    assert json.loads(server.matches[0][1]["match.json"])["device"] == "station 71"


def test_a_picture_that_the_cloudlet_refuses_holds_up_no_other(setup, server, tmp_path):
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "jpg")
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}")
    with setup.running(), photo_worker(setup.redis.port), receiving.running(*arguments) as role:
        setup.new_job("anna", ANNA)
        pi = receiving.pi(station="72")
        assert pi.send(("empty.jpg", b""), ("huge.jpg", b"\xff" * 27_000_000), ("yard.jpg", ANNA)) == ["200"] * 3
        wait_until(lambda: server.matches, "the match")
        assert role.metric("pi_receiver_forwarded_total", kind="skipped") == 1


def test_a_video_lies_in_the_workers_footage_folder(tmp_path):
    receiving, footage = Receiving(tmp_path / "receiver", "--suffixes", "mp4,txt"), tmp_path / "footage"
    footage.mkdir()
    with receiving.running("--footage-folder", str(footage)):
        assert receiving.pi(station="73").send(("yard.mp4", b"a film"), ("a.txt", b"none")) == ["200"] * 2
        wait_until((footage / "station73" / "yard.mp4").exists, "the video")
        assert (footage / "station73" / "yard.mp4").read_bytes() == b"a film"
        assert [path.name for path in footage.rglob("*.*")] == ["yard.mp4"]


def test_without_a_word_nothing_is_handed_on(tmp_path):
    receiving = Receiving(tmp_path, "--suffixes", "jpg", "--cloudlet-url", "")
    with receiving.running() as role:
        assert receiving.pi(station="74").send(("yard.jpg", ANNA)) == ["200"]
        assert role.metric("pi_receiver_forwarded_total", kind="picture") == 0
