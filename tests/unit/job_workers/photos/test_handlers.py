"""Tasks: one result each, whatever is wrong with them, and footage only below its folder."""

import io
import os
from datetime import datetime
from functools import partial

import msgspec
import numpy as np
import pytest
from PIL import Image

from backbone.errors import BadInput
from backbone.wire.jobs import EncodeTask, FootageTask, GalleryFile, MatchTask, Photo, Result, Sought
from job_workers.photos.footage import path_below
from job_workers.photos.handlers import TaskHandler
from job_workers.photos.photo_search import PhotoSearch, PhotoSearches
from job_workers.queues.task_text import decoded
from tests.fakes import heic_photo
from tests.fakes.face_engine import Engine, at


class Store:
    """Keeps results in memory, each once."""

    def __init__(self, blobs=(), galleries=()):
        self.blobs, self.galleries = dict(blobs), dict(galleries)
        self.written, self.done, self.dropped = [], set(), []

    def is_done(self, task_id):
        return task_id in self.done

    def write(self, reply, result, *, part=None, drop=()):
        mark = result.task_id if part is None else (result.task_id, part)
        if mark in self.done:
            return False
        self.done.add(mark)
        self.written.append((reply, result))
        self.dropped += drop
        return True

    def blob(self, key):
        return self.blobs.get(key)

    def gallery(self, key):
        return self.galleries.get(key)


def jpeg(size=(200, 100)):
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "JPEG")
    return out.getvalue()


GALLERY = GalleryFile(model_id="m", sought=(Sought(name="a", tolerance=0.6, embeddings=(tuple(map(float, at(0.1))),)),))
FACE = ([10, 10, 30, 30], at(0.0))


def photo(key):
    return Photo(key=key, name=f"{key}.jpg", received_at=1.0)


def searches(*found, **more):
    """A worker with an engine of the model `m`, and one for each further model that is named."""
    late = {model: partial(search, faces, model) for model, faces in more.items()}
    return PhotoSearches(search(found, "m"), late)


def search(found, model):
    return PhotoSearch(Engine(*found, model_id=model), smallest_face=40)


def handler(store, folder, *found, **more):
    return TaskHandler(store, searches(*found, **more), longest_side=500, footage_folder=folder)


def run(made, task, progress=lambda done, total: None):
    made.run(task, progress)


def test_each_wanted_model_that_a_worker_has_makes_references_of_the_same_photos(tmp_path):
    store = Store({"p1": jpeg(), "p2": b"no picture"})
    task = EncodeTask("t", "r", "case 1", (photo("p1"), photo("p2")), models=("s", "strange", "m"))
    run(handler(store, tmp_path, FACE, s=[([10, 10, 30, 30], at(5.0))]), task)
    told = store.written[0][1]
    assert (told.model_id, list(told.by_model)) == ("m", ["m", "s"])
    assert [(one.photo, one.embedding[0]) for one in told.by_model["m"]] == [("p1.jpg", 0.0)]
    assert [(one.photo, one.embedding[0], one.chip) for one in told.by_model["s"]] == [("p1.jpg", 5.0, "")]
    assert [refused.photo for refused in told.refused] == ["p2.jpg"]


def test_a_photo_in_which_one_model_finds_a_face_is_not_refused(tmp_path):
    store = Store({"p1": jpeg()})
    run(handler(store, tmp_path, s=[FACE]), EncodeTask("t", "r", "case 1", (photo("p1"),), models=("s",)))
    told = store.written[0][1]
    assert (told.by_model["m"], told.refused) == ((), ())
    assert told.by_model["s"][0].chip, "its picture is kept by the model that found it"


def test_a_task_of_the_version_before_is_encoded_by_the_workers_own_model(tmp_path):
    store = Store({"p1": jpeg()})
    old = '{"type":"encode","taskId":"t","reply":"r","tag":"case 1","photos":[{"key":"p1","name":"a","receivedAt":1}]}'
    run(handler(store, tmp_path, FACE, s=[FACE]), decoded(old))
    assert list(store.written[0][1].by_model) == ["m"]


def test_a_result_of_the_version_before_is_read():
    old = b'{"type":"encoded","taskId":"t","tag":"1","modelId":"m","references":[],"refused":[]}'
    assert msgspec.json.decode(old, type=Result).by_model == {"m": ()}
    old = b'{"type":"matched","taskId":"t","tag":"1","modelId":"m","matches":[],"refused":[],"last":true}'
    assert msgspec.json.decode(old, type=Result).passed_over == 0


def test_a_gallery_is_compared_by_the_part_of_the_workers_own_model(tmp_path):
    other = Sought(name="b", tolerance=0.6, embeddings=(tuple(map(float, at(0.0))),))
    both = GalleryFile("other", (other,), others=(GALLERY,))
    store = Store({"p1": jpeg()}, {"g": both})
    run(handler(store, tmp_path, FACE), MatchTask("t", "r", "batch 1", (photo("p1"),), gallery="g"))
    told = store.written[0][1]
    assert ([match.name for match in told.matches], told.passed_over) == (["a"], 1)


def test_references_are_told_once_and_their_pictures_dropped(tmp_path):
    store = Store({"p1": jpeg(), "p2": b"no picture"})
    task = EncodeTask(task_id="t", reply="r", tag="case 1", photos=(photo("p1"), photo("p2"), photo("gone")))
    made, seen = handler(store, tmp_path, FACE), []
    run(made, task, lambda done, total: seen.append((done, total)))
    run(made, task)
    ((reply, told),) = store.written
    assert (reply, told.tag, told.model_id) == ("r", "case 1", "m")
    assert [reference.photo for reference in told.references] == ["p1.jpg"]
    assert [(refused.photo, refused.code) for refused in told.refused] == [
        ("p2.jpg", "bad_picture"),
        ("gone.jpg", "photo_gone"),
    ]
    assert store.dropped == ["p1", "p2", "gone"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_matches_are_told_and_their_pictures_kept(tmp_path):
    store = Store({"p1": jpeg(), "p2": b"GIF"}, {"g": GALLERY})
    run(handler(store, tmp_path, FACE), MatchTask("t", "r", "batch", (photo("p1"), photo("p2")), "g"))
    told = store.written[0][1]
    assert [(match.name, match.photo) for match in told.matches] == [("a", 0)]
    assert [refused.photo for refused in told.refused] == ["p2.jpg"]
    assert store.dropped == []


def test_a_gallery_that_is_gone_ends_the_task(tmp_path):
    store = Store({"p1": jpeg()})
    run(handler(store, tmp_path, FACE), MatchTask("t", "r", "batch", (photo("p1"),), "g"))
    told = store.written[0][1]
    assert (told.code, "gallery" in told.message) == ("bad_task", True)


def test_a_folder_of_pictures_is_looked_through_with_their_own_times(tmp_path):
    (tmp_path / "card").mkdir()
    for number in range(3):
        path = tmp_path / "card" / f"{number}.jpg"
        path.write_bytes(jpeg() if number != 1 else b"damaged")
        os.utime(path, (1000 + number, 1000 + number))
    store = Store(galleries={"g": GALLERY})
    run(handler(store, tmp_path, FACE), FootageTask("t", "r", "card", "card", "g"))
    assert [match.taken_at for match in store.written[0][1].matches] == [1000, 1002]
    assert store.written[0][1].last


def test_of_a_folder_heic_photos_are_looked_at_and_pictures_that_are_not_read_are_named_by_their_kind(tmp_path):
    card = tmp_path / "card"
    card.mkdir()
    (card / "IMG_1.HEIC").write_bytes(heic_photo.PHOTO)
    (card / "IMG_2.heic").write_bytes(heic_photo.crashing())
    (card / "IMG_3.avif").write_bytes(heic_photo.container(b"avif", b"mif1"))
    (card / "IMG_4.DNG").write_bytes(b"II*\0" + bytes(30_000_000))
    store = Store(galleries={"g": GALLERY})
    run(handler(store, tmp_path, FACE), FootageTask("t", "r", "card", "card", "g"))
    told = store.written[0][1]
    assert [match.taken_at for match in told.matches] == [datetime.fromisoformat(heic_photo.TAKEN).timestamp()]
    assert [bad.photo for bad in told.refused] == ["IMG_2.heic", "IMG_3.avif", "IMG_4.DNG"]
    assert "an AVIF picture" in told.refused[1].message
    assert "a TIFF picture or a raw photo" in told.refused[2].message


def film(path, *, seconds=4):
    from drill.clip_writer import write_clip  # noqa: PLC0415 - only these tests film

    write_clip(path, (np.zeros((100, 200, 3), np.uint8) for _ in range(10 * seconds)), fps=10, size=(200, 100))


def test_a_folder_of_old_videos_and_pictures_is_looked_through_and_what_is_damaged_is_named(tmp_path):
    card, outside = tmp_path / "footage" / "card", tmp_path / "outside"
    (card / "deep").mkdir(parents=True)
    outside.mkdir()
    film(card / "deep" / "old.mp4")
    os.utime(card / "deep" / "old.mp4", (5_004, 5_004))
    (card / "a.jpg").write_bytes(jpeg())
    os.utime(card / "a.jpg", (1_000, 1_000))
    (card / "broken.mov").write_text("no video")
    (card / "notes.txt").write_text("no footage")
    (outside / "secret.jpg").write_bytes(jpeg())
    (card / "link.jpg").symlink_to(outside / "secret.jpg")
    store, seen = Store(galleries={"g": GALLERY}), []
    clock = iter(range(0, 1_000, 3))
    made = TaskHandler(
        store,
        searches(FACE),
        longest_side=500,
        footage_folder=tmp_path / "footage",
        now=lambda: next(clock),
    )
    run(made, FootageTask("t", "r", "card", "card", "g", every_seconds=1.0), lambda *told: seen.append(told))
    told = store.written[0][1]
    assert [match.taken_at for match in told.matches] == [1_000, 5_000.0, 5_001.0, 5_002.0, 5_003.0]
    assert [(bad.photo, bad.code) for bad in told.refused] == [("broken.mov", "bad_footage")]
    assert seen[-1] == (6, 6)
    assert seen == sorted(seen)


def test_footage_looks_for_nobody_whose_case_was_closed_meanwhile(tmp_path):
    film(tmp_path / "old.mp4", seconds=8)
    store, clock = Store(galleries={"g": GALLERY}), iter(range(1_000))

    def close(done, total):
        store.galleries["g"] = GalleryFile(model_id="m", sought=())

    made = TaskHandler(
        store,
        searches(FACE),
        longest_side=500,
        footage_folder=tmp_path,
        now=lambda: next(clock),
    )
    run(made, FootageTask("t", "r", "card", "old.mp4", "g", 0.0, 1.0), close)
    told = store.written[0][1]
    assert told.last
    assert 0 < len(told.matches) < 8


def test_a_beginning_is_for_one_video(tmp_path):
    (tmp_path / "card").mkdir()
    store = Store(galleries={"g": GALLERY})
    run(handler(store, tmp_path, FACE), FootageTask("t", "r", "card", "card", "g", began_at=5.0))
    assert "one video" in store.written[0][1].message


def test_a_video_tells_the_time_of_each_look(tmp_path):
    film(tmp_path / "old.mp4")
    store = Store(galleries={"g": GALLERY})
    run(handler(store, tmp_path, FACE), FootageTask("t", "r", "card", "old.mp4", "g", 5000.0, 1.0))
    assert [match.taken_at for match in store.written[0][1].matches] == [5000.0, 5001.0, 5002.0, 5003.0]


@pytest.mark.parametrize("asked", ["../outside", "/etc", "link", "missing"])
def test_footage_lies_below_its_folder(tmp_path, asked):
    folder = tmp_path / "footage"
    folder.mkdir()
    (tmp_path / "outside").mkdir()
    (folder / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(BadInput, match="footage"):
        path_below(folder, asked)


@pytest.mark.parametrize(
    "content",
    ["no video", "ffconcat version 1.0\nfile real.mp4\n", "#EXTM3U\n#EXTINF:2.0,\nreal.mp4\n#EXT-X-ENDLIST\n"],
)
def test_what_is_no_video_or_only_names_one_ends_the_task(tmp_path, content):
    film(tmp_path / "real.mp4")
    (tmp_path / "text.mp4").write_text(content)
    store = Store(galleries={"g": GALLERY})
    run(handler(store, tmp_path, FACE), FootageTask("t", "r", "card", "text.mp4", "g"))
    assert store.written[0][1].code == "bad_task"
