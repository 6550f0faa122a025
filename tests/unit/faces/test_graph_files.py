import subprocess
import sys

import pytest

import faces.graph_files
import faces.whole_file
from faces import BadGraph, BadWeights, ConverterMissing, WeightsMissing
from faces.graph_files import KINDS, find_graph, write_graph
from faces.onnx_session import Session
from faces.prepare import main


@pytest.fixture
def no_weights(monkeypatch):
    def missing(name):
        raise WeightsMissing(f"expected {name}")

    monkeypatch.setattr(faces.graph_files, "weights_path", missing)


def test_all_graphs_are_written_and_found_again_without_the_weights(tmp_path, capsys, request):
    assert main([str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(KINDS) == len(list(tmp_path.iterdir()))
    request.getfixturevalue("no_weights")
    for kind in KINDS:
        assert find_graph(kind, shipped=tmp_path).parent == tmp_path
    notes = Session(find_graph("encoder", shipped=tmp_path)).notes
    assert notes["sha256"].startswith("55533b28a958")
    assert notes["weights"] == "dlib_face_recognition_resnet_model_v1.dat"


def test_a_graph_is_converted_once(tmp_path):
    first = find_graph("detector", cache=tmp_path)
    written = first.stat().st_mtime_ns
    assert find_graph("detector", cache=tmp_path) == first
    assert first.stat().st_mtime_ns == written


def test_the_detector_s_graph_carries_the_options_of_its_weights(tmp_path):
    notes = Session(find_graph("detector", cache=tmp_path)).notes
    assert notes["window"] == "80 80"
    assert notes["grid"] == "8 29 10"


def test_other_weights_than_the_lock_s_are_refused(tmp_path, monkeypatch):
    first = find_graph("detector", cache=tmp_path)
    other = tmp_path / "mmod_human_face_detector.dat"
    other.write_bytes(bytes(5) + b"other")
    monkeypatch.setattr("faces.weights.weights_path", lambda name: other)
    monkeypatch.setattr(faces.graph_files, "weights_path", lambda name: other)
    first.unlink()
    with pytest.raises(BadWeights, match=r"mmod_human_face_detector\.dat: expected .* of 729940 bytes, found 10 bytes"):
        find_graph("detector", cache=tmp_path)
    assert list(tmp_path.glob("*.onnx")) == []


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(faces.whole_file.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_graph("resize", tmp_path / "resize.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_weights_and_graphs_the_weights_are_named(tmp_path, no_weights):
    with pytest.raises(WeightsMissing, match="face_recognition_sface_2021dec"):
        find_graph("sface", cache=tmp_path, shipped=tmp_path)


def test_without_the_converter_what_to_do_is_said(tmp_path):
    hidden = (
        "import sys; sys.modules['onnx'] = None\n"
        "from pathlib import Path; from faces import ConverterMissing\n"
        "from faces.graph_files import find_graph\n"
        "try: find_graph('resize', cache=Path(sys.argv[1]), shipped=Path(sys.argv[1]))\n"
        "except ConverterMissing as fault: print(fault)\n"
    )
    told = subprocess.run([sys.executable, "-c", hidden, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "python -m faces.prepare" in told.stdout
    assert issubclass(ConverterMissing, ImportError)


def test_a_file_that_is_no_graph_is_refused_by_name(tmp_path):
    path = tmp_path / "encoder-0-v1.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(BadGraph, match=r"encoder-0-v1\.onnx: expected a graph"):
        Session(path)
