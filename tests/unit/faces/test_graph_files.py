import subprocess
import sys

import pytest

from faces import BadGraph, ConverterMissing, WeightsMissing, convert
from faces.graph_files import KINDS, find_graph, main, write_graph
from faces.onnx_session import Session


def test_all_graphs_are_written_and_found_again_without_the_weights(tmp_path, monkeypatch, capsys):
    assert main([str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(KINDS) == len(list(tmp_path.iterdir()))
    monkeypatch.setattr("faces.weights._PACKAGE", "no_such_package_of_models")
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


def test_other_weights_get_another_graph(tmp_path, monkeypatch):
    first = find_graph("detector", cache=tmp_path)
    other = tmp_path / "mmod_human_face_detector.dat"
    other.write_bytes(bytes(5) + b"other")
    monkeypatch.setattr(convert, "weights_path", lambda name: other)
    with pytest.raises(ValueError, match=r"mmod_human_face_detector\.dat: expected .* at byte 0"):
        find_graph("detector", cache=tmp_path)
    assert [path.name for path in tmp_path.glob("*.onnx")] == [first.name]


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(convert.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_graph("resize", tmp_path / "resize.onnx")
    assert list(tmp_path.iterdir()) == []


def test_without_weights_and_graphs_the_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("faces.weights._PACKAGE", "no_such_package_of_models")
    with pytest.raises(WeightsMissing, match="no_such_package_of_models"):
        find_graph("encoder", cache=tmp_path, shipped=tmp_path)


def test_without_the_converter_what_to_do_is_said(tmp_path):
    hidden = (
        "import sys; sys.modules['onnx'] = None\n"
        "from pathlib import Path; from faces import ConverterMissing\n"
        "from faces.graph_files import find_graph\n"
        "try: find_graph('resize', cache=Path(sys.argv[1]), shipped=Path(sys.argv[1]))\n"
        "except ConverterMissing as fault: print(fault)\n"
    )
    told = subprocess.run([sys.executable, "-c", hidden, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "python -m faces.convert" in told.stdout
    assert issubclass(ConverterMissing, ImportError)


def test_a_file_that_is_no_graph_is_refused_by_name(tmp_path):
    path = tmp_path / "encoder-0-v1.onnx"
    path.write_bytes(b"no graph")
    with pytest.raises(BadGraph, match=r"encoder-0-v1\.onnx: expected a graph"):
        Session(path)
