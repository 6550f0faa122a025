"""What the workers can be told about running foreign code."""

import pytest

from backbone.settings import load
from job_workers.domain.sandbox_policy import MIB, Policy
from job_workers.settings import Settings

REDIS = ("--redis-url", "redis://127.0.0.1")


def read(*flags):
    return load(Settings, program="test", argv=[*REDIS, *flags])


def test_the_defaults_are_the_policys():
    assert read().policy() == Policy()
    assert read().queue_names == ("encode", "match", "footage"), "foreign code is run where that is asked for"


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
