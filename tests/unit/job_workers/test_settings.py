"""What the workers can be told about engines, and about running foreign code."""

from typing import get_args

import pytest

import faces
from backbone.settings import load
from job_workers.domain.sandbox_policy import MIB, Policy
from job_workers.settings import DetectorName, EngineName, Settings

REDIS = ("--redis-url", "redis://127.0.0.1")


def read(*flags):
    return load(Settings, program="test", argv=[*REDIS, *flags])


def test_the_defaults_are_the_policys():
    assert read().policy() == Policy()
    assert read().queue_names == ("encode", "match", "footage"), "foreign code is run where that is asked for"


def test_the_engines_and_detectors_are_those_that_there_are():
    assert get_args(EngineName) == get_args(faces.EngineName) == tuple(faces.ENGINES)
    assert get_args(DetectorName) == get_args(faces.DetectorName)


def test_an_old_detector_stands_for_the_engine_that_has_it_and_no_other_takes_it(capsys):
    assert read("--detector", "cnn").engine is None
    with pytest.raises(SystemExit):
        read("--engine", "sface", "--detector", "cnn")
    assert "expected one of yunet with sface, got 'cnn'" in capsys.readouterr().err


def test_bounds_are_set_by_flags():
    policy = read("--run-memory-megabytes", "64", "--run-processes", "5", "--run-wall-seconds", "2.5").policy()
    assert (policy.memory_bytes, policy.processes, policy.wall_seconds) == (64 * MIB, 5, 2.5)


@pytest.mark.parametrize(
    "flags", [("--run-wall-seconds", "26"), ("--run-processes", "0"), ("--queues", "offload,other")]
)
def test_what_could_not_hold_is_refused(flags, capsys):
    with pytest.raises(SystemExit) as ended:
        read(*flags)
    assert ended.value.code == 2
    assert flags[0] in capsys.readouterr().err
