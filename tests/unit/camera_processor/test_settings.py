"""What a camera processor can be told, and what it refuses to be told."""

from typing import get_args

import pytest

from backbone.settings import load
from camera_processor.capture.sources.table import SOURCES
from camera_processor.settings import Settings
from faces import DetectorName, engines_help

PROGRAM = "python -m camera_processor"


def told(*arguments: str) -> Settings:
    return load(Settings, program=PROGRAM, argv=list(arguments))


def test_without_anything_it_shows_a_test_pattern_on_loopback() -> None:
    settings = told()
    assert (settings.source_text, settings.host, settings.port) == ("test:", "127.0.0.1", 9090)
    assert not settings.tells_orchestrator


def test_legacy_names_of_the_environment_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HLS_STREAM_URL", "http://camera.example/live.m3u8")
    monkeypatch.setenv("ORCHESTRATOR_URL", "ws://localhost:8000/processor")
    monkeypatch.setenv("CAMERA_ID", "legacy")
    monkeypatch.setenv("PROCESSOR_MODE", "deploy")
    settings = told()
    assert settings.source_text == "http://camera.example/live.m3u8"
    assert (settings.camera_id, settings.tells_orchestrator) == ("legacy", True)


def test_tornado_mode_stays_by_itself_even_with_an_orchestrator() -> None:
    assert not told("--processor-mode", "tornado", "--orchestrator-url", "ws://x:1/processor").tells_orchestrator


def test_credentials_of_a_source_are_not_shown() -> None:
    assert "hunter2" not in repr(told("--source", "rtsp://user:hunter2@camera.example/1"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--source", "gopher://x"], "--source"),
        (["--orchestrator-url", "http://x/processor"], "--orchestrator-url"),
        (["--processor-mode", "deploy"], "ORCHESTRATOR_URL"),
        (["--processor-mode", "opencv"], "headless"),
        (["--detection-alg", "yolo"], "--detection-alg"),
        (["--host", "0.0.0.0"], "PUBLIC_KEY"),
        (["--threshold", "0"], "--threshold"),
        (["--engine", "yolo"], "--engine"),
        (["--engine", "sface", "--detector", "hog"], "expected one of yunet with sface, got 'hog'"),
        (["--min-face-px", "9"], "--min-face-px"),
    ],
)
def test_a_fault_is_named_and_ends_with_code_2(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        told(*arguments)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_every_flag_is_told_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        told("--help")
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in text
        assert field.description, name


def test_every_kind_of_source_and_every_detector_is_told_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        told("--help")
    text = "".join(capsys.readouterr().out.split())  # as wide as the terminal is
    for form in (form for kind in SOURCES for form in kind.forms):
        assert "".join(form.split()) in text
    assert f"{{{','.join(get_args(DetectorName))}}}" in text


@pytest.mark.parametrize(
    ("arguments", "engine", "detector"),
    [
        ([], "sface", "yunet"),
        (["--engine", "sface"], "sface", "yunet"),
        (["--engine", "dlib"], "dlib", "cnn"),
        (["--engine", "dlib", "--detector", "hog"], "dlib", "hog"),
        (["--engine", "face_recognition"], "face_recognition", "hog"),
        (["--detector", "yunet"], "sface", "yunet"),
        (["--detector", "hog"], "dlib", "hog"),
        (["--detection-alg", "auto"], "dlib", "auto"),
        (["--reid-alg", "dlib"], "dlib", "cnn"),
        (["--reid-alg", "dlib", "--detection-alg", "hog"], "dlib", "hog"),
        (["--engine", "sface", "--reid-alg", "dlib"], "sface", "yunet"),
    ],
)
def test_an_engine_is_chosen_by_its_name_or_by_its_detector(arguments: list[str], engine: str, detector: str) -> None:
    kind, chosen = told(*arguments).chosen_engine()
    assert (kind.name, chosen) == (engine, detector)


def test_stack_files_of_old_keep_their_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {"DETECTION_ALG": "cnn", "REID_ALG": "dlib", "THRESHOLD": "0.5", "HITS": "2", "MIN_FACE_PX": "40"}
    for name, value in old.items():
        monkeypatch.setenv(name, value)
    settings = told()
    kind, detector = settings.chosen_engine()
    assert (kind.name, detector, settings.threshold, settings.min_face_px) == ("dlib", "cnn", 0.5, 40)


def test_engines_are_explained_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        told("--help")
    text = "".join(capsys.readouterr().out.split())
    for line in engines_help().splitlines():
        assert "".join(line.split()) in text
