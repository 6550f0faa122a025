from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from drill.cutouts import cut_out
from drill.footage import make_footage
from drill.scenario import FPS, FRAMES, HEIGHT, SOUGHT, WIDTH
from drill.truth import iou, load_truth
from faces import load_engine


def every_tenth_frame(clip):
    video, truth = cv2.VideoCapture(str(clip.video)), load_truth(clip.truth)
    for index, faces in enumerate(truth.frames):
        assert video.grab(), f"{clip.video.name} ends before frame {index}"
        if index % 10 == 5:
            yield cv2.cvtColor(video.retrieve()[1], cv2.COLOR_BGR2RGB), faces
    assert not video.grab()


@pytest.fixture(scope="module")
def engine():
    return load_engine("hog")


@pytest.fixture(scope="module")
def case(engine, footage):
    photo = np.asarray(Image.open(footage.case_photo).convert("RGB"))
    return engine.encode(photo, engine.detect(photo, min_face_px=80))[0]


def test_both_clips_loop_together_and_begin_and_end_with_nobody(footage):
    for clip in footage.clips:
        truth = load_truth(clip.truth)
        assert (truth.camera, truth.fps, truth.width, truth.height) == (clip.camera, FPS, WIDTH, HEIGHT)
        assert len(truth.frames) == FRAMES
        assert truth.frames[0] == truth.frames[-1] == ()
        assert set(truth.people) == {SOUGHT, "stranger-1", "stranger-2"}


def test_the_case_photo_is_none_of_the_pictures_in_the_clips(footage):
    in_clips = {picture for clip in footage.clips for picture in load_truth(clip.truth).people.values()}
    photo = footage.case_photo.read_bytes()
    assert all(photo != (footage.case_photo.parents[1] / "pictures" / name).read_bytes() for name in in_clips)


def test_the_sought_person_is_partly_hidden_for_a_while_on_both_cameras(footage):
    for clip in footage.clips:
        shares = [face.visible for faces in load_truth(clip.truth).frames for face in faces if face.person == SOUGHT]
        assert any(share < 0.3 for share in shares[5:-5])
        assert sum(share > 0.95 for share in shares) > len(shares) / 2


def test_detectable_faces_are_found_and_nearest_to_the_right_person(footage, engine, case):
    found = detectable = 0
    for clip in footage.clips:
        for picture, faces in every_tenth_frame(clip):
            located = engine.detect(picture, min_face_px=70)
            embeddings = engine.encode(picture, located)
            for face in (face for face in faces if face.detectable):
                overlaps = [iou(face.box, tuple(box)) for box in located.boxes.tolist()]
                detectable += 1
                if max(overlaps, default=0) < 0.4:
                    continue
                found += 1
                distance = np.linalg.norm(embeddings[int(np.argmax(overlaps))] - case)
                assert distance < 0.5 if face.person == SOUGHT else distance > 0.65
    assert detectable > 30
    assert found / detectable >= 0.9


def test_no_face_is_found_where_nobody_is(footage, engine):
    for clip in footage.clips:
        for picture, faces in every_tenth_frame(clip):
            for box in engine.detect(picture, min_face_px=70).boxes.tolist():
                assert any(iou(face.box, tuple(box)) > 0.3 for face in faces)


@pytest.fixture(scope="module")
def cut_out_once():
    """The real cutting, done once for each portrait: it is nine tenths of the time of such short footage."""
    done = {}

    def cut(path, portrait, engine):
        if portrait.picture not in done:
            done[portrait.picture] = cut_out(path, portrait, engine)
        return done[portrait.picture]

    return cut


@pytest.fixture
def short_footage(tmp_path, pictures, monkeypatch, cut_out_once):
    """A data directory with the portraits, where footage is three frames long."""
    (tmp_path / "pictures").mkdir()
    for name, path in pictures.items():
        (tmp_path / "pictures" / name).write_bytes(path.read_bytes())
    monkeypatch.setattr("drill.footage.FRAMES", 3)
    monkeypatch.setattr("drill.footage.cut_out", cut_out_once)
    make_footage(tmp_path)
    return tmp_path


def contents(folder: Path):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stamps(folder: Path):
    return {path: path.stat().st_mtime_ns for path in (folder / "footage").iterdir()}


def test_a_second_call_makes_nothing(short_footage):
    before, steps = stamps(short_footage), []
    make_footage(short_footage, lambda step, share: steps.append((step, share)))
    assert stamps(short_footage) == before
    assert steps == [("sample footage is there", 1.0)]


@pytest.mark.parametrize("damage", ["clip", "truth", "case photo", "receipt", "version"])
def test_damaged_or_old_footage_is_made_again_just_as_it_was(short_footage, damage, monkeypatch):
    before, footage = contents(short_footage), make_footage(short_footage)
    receipt = short_footage / "footage" / "receipt.json"
    if damage == "version":
        receipt.write_text(receipt.read_text().replace('"version": ', '"version": 9'))
    else:
        files = {"clip": footage.clips[0].video, "truth": footage.clips[1].truth, "case photo": footage.case_photo}
        (files | {"receipt": receipt})[damage].write_bytes(b"damaged")
    make_footage(short_footage)
    assert contents(short_footage) == before


def test_progress_goes_from_zero_to_one(short_footage):
    (short_footage / "footage" / "receipt.json").unlink()
    steps = []
    make_footage(short_footage, lambda step, share: steps.append((step, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert [step for step, _ in steps] == [
        "fetching portraits",
        "cutting people out",
        "filming camera-1",
        "filming camera-2",
        "sample footage is made",
    ]
