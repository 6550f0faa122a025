"""A Pi that collects pictures is a camera with a delay: they are compared, and a match names the station."""

import json

import pytest

from tests.e2e.test_cloudlet import ANNA, NOBODY, Setup
from tests.fakes.legacy_server import legacy_server
from tests.fakes.photo_worker import photo_worker
from tests.processes import role, wait_until
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


def test_a_received_video_is_looked_through_and_each_appearance_tells_station_and_time(setup, server, tmp_path):
    footage = tmp_path / "footage"
    footage.mkdir()
    receiving = Receiving(tmp_path / "receiver", "--suffixes", "mp4")
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}", "--footage-folder", str(footage))
    with setup.running(), photo_worker(setup.redis.port) as worker, receiving.running(*arguments) as role:
        parts = [[("anna", 50.0, 0.4), ("anna", 51.0, 0.2), ("boris", 51.0, 0.1)], [("anna", 90.0, 0.3)], []]
        worker.footage["station75/yard.mp4"] = parts
        setup.new_job("anna", ANNA)
        pi = receiving.pi(station="75")
        assert pi.send(("gone.mp4", b"no film"), ("yard.mp4", b"a film")) == ["200"] * 2
        wait_until(lambda: len(server.matches) == 2, "the matches")
        wait_until(lambda: role.metric("pi_receiver_forwarded_total", kind="video") == 2, "both videos")
        assert pi.send(("yard.mp4", b"a film")) == ["200"]
        wait_until(lambda: not setup.blobs(), "the gallery to be deleted")
    told = [json.loads(files["match.json"]) for _, files in server.matches]
    assert [manifest["device"] for manifest in told] == ["station 75"] * 2
    assert [face["takenAt"] for manifest in told for face in manifest["matches"]] == [51.0, 90.0]
    assert server.matches[0][1]["yard-51.0.jpg"].startswith(b"\xff\xd8\xff")


def test_who_is_seen_in_a_video_of_a_pi_is_told_with_the_time_of_the_recording(setup, server, tmp_path, footage):
    clip, recorded = footage.clips[0].video, 1_700_000_000.0
    receiving, folder = Receiving(tmp_path / "receiver", "--suffixes", "mp4"), tmp_path / "footage"
    folder.mkdir()
    workers = ["--redis-url", setup.redis.url, "--detector", "cnn", "--footage-folder", str(folder)]
    arguments = ("--cloudlet-url", f"http://127.0.0.1:{setup.port}", "--footage-folder", str(folder))
    with setup.running(), role("job_workers", "--port", "0", *workers), receiving.running(*arguments):
        setup.new_job("anna", footage.case_photo.read_bytes())
        pi = receiving.pi(station="76")
        pi.more = {"File-Modified": str(recorded)}
        assert pi.send(("yard.mp4", clip.read_bytes())) == ["200"]
        wait_until(lambda: server.matches, "the match", patience=120)
    job, files = server.matches[0]
    manifest = json.loads(files.pop("match.json"))
    assert (job, manifest["device"]) == ("anna", "station 76")
    assert all(recorded - 120 < face["takenAt"] <= recorded for face in manifest["matches"])
    assert all(content.startswith(b"\xff\xd8\xff") for content in files.values())
