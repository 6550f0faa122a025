import os
import subprocess
import sys

import numpy as np
import pytest

import faces
from faces.engines import ENGINES


def test_sface_is_the_default_and_says_what_it_runs_on(sface):
    assert (sface.name, sface.detector) == ("sface", "yunet")
    assert sface.provider in {"cpu", "cuda", "tensorrt"}
    assert sface.min_face_px == 12


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        (["dlib"], {}, ("dlib", "cnn")),
        (["dlib"], {"detector": "hog"}, ("dlib", "hog")),
        ([], {"detector": "cnn"}, ("dlib", "cnn")),
        (["hog"], {}, ("dlib", "hog")),
        (["yunet"], {}, ("sface", "yunet")),
        (["face_recognition"], {}, ("face_recognition", "hog")),
        (["face_recognition"], {"detector": "cnn"}, ("face_recognition", "cnn")),
    ],
)
def test_an_engine_is_chosen_by_its_name_or_by_a_detector_s(arguments, options, expected):
    engine = faces.load_engine(*arguments, **options)
    assert (engine.name, engine.detector) == expected
    assert engine.model_id == ENGINES[engine.name].model_id


def test_auto_takes_one_of_the_two_detectors():
    assert faces.load_engine("auto").detector in {"hog", "cnn"}


def test_a_provider_that_is_not_there_is_replaced_by_one_that_is():
    assert faces.load_engine("hog", provider="tensorrt").provider in {"cpu", "cuda", "tensorrt"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "yolo"}, "engine: expected one of sface, dlib, face_recognition, got 'yolo'"),
        ({"name": "sface", "detector": "cnn"}, "detector: expected one of yunet with sface"),
        ({"name": "dlib", "detector": "yunet"}, "one of cnn, hog, auto"),
        ({"detector": "yolo"}, "expected one of yunet"),
        ({"threads": 0}, "1 or more"),
        ({"provider": "abacus"}, "one of auto, cpu"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        faces.load_engine(**arguments)


def test_every_engine_and_detector_is_in_the_help():
    lines = [line.split(":")[0].strip() for line in faces.engines_help().splitlines()]
    for kind in ENGINES.values():
        assert kind.name in lines
        assert set(kind.detectors) <= set(lines)


def test_the_library_gives_the_embeddings_of_dlib_s_engine(hog, pictures):
    library, picture = faces.load_engine("face_recognition"), pictures["obama2"]
    ours, theirs = hog.detect(picture, 80), library.detect(picture, 80)
    np.testing.assert_array_equal(ours.boxes, theirs.boxes)
    np.testing.assert_array_equal(ours.landmarks, theirs.landmarks)
    np.testing.assert_allclose(hog.encode(picture, ours), library.encode(picture, theirs), atol=1e-6)
    assert library.model_id == hog.model_id


def test_the_library_s_68_points_are_never_opened_and_pillow_stays_as_it_was():
    audit = (
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import dlib; loaded = []; real = dlib.shape_predictor\n"
        "dlib.shape_predictor = lambda path: loaded.append(path) or real(path)\n"
        "import faces; faces.load_engine('face_recognition')\n"
        "assert {path.rpartition('/')[2] for path in loaded} == {'shape_predictor_5_face_landmarks.dat'}, loaded\n"
        "assert not [path for path in opened if '68_face' in path.rpartition('/')[2]], opened\n"
        "from PIL import ImageFile; assert not ImageFile.LOAD_TRUNCATED_IMAGES\n"
        "assert 'face_recognition_models' not in sys.modules\n"
    )
    _passes(audit)


def test_an_engine_whose_library_is_missing_says_so():
    _passes(
        "import sys, importlib.abc\n"
        "class Hidden(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'face_recognition': raise ModuleNotFoundError('hidden')\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "import faces\n"
        "try: faces.load_engine('face_recognition')\n"
        "except faces.EngineMissing as fault: assert 'another engine' in str(fault)\n"
        "else: raise SystemExit('loaded')\n"
    )


def test_the_default_engine_loads_neither_dlib_nor_opencv():
    _passes("import sys, faces; faces.load_engine(); assert not {'dlib', 'cv2', 'onnx'} & set(sys.modules)")


def test_onnx_runtime_is_told_to_be_silent_and_leaves_no_file(tmp_path):
    told = (
        "import ctypes, faces; faces.load_engine()\n"
        "get = ctypes.CDLL(None).getenv; get.restype = ctypes.c_char_p\n"
        "assert get(b'ORT_DISABLE_TELEMETRY') == b'1'\n"
    )
    _passes(told, ORT_DISABLE_TELEMETRY="0", TMPDIR=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_nothing_imports_onnx_runtime_before_it_is_told():
    _passes("import sys, faces, faces.onnx_session; assert 'onnxruntime' not in sys.modules")


def _passes(source, **environment):
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
