"""The same command twice does its work once; nothing is taken from another."""

from dataclasses import replace

import pytest

from backbone.errors import Conflict, NotFound, Unavailable
from fleet_agent.domain.inventory import MAX_CONTAINERS, Container, Step, named, step_to_start
from tests.unit.fleet_agent.conftest import DEVICES, start


@pytest.fixture
def spec(allow_list):
    return allow_list.spec(start("gate", device="/dev/video0"), DEVICES)


def running(spec, **changed) -> Container:
    made = Container("id", spec.name, spec.kind, spec.digest, "running", 1.0, spec.device, spec.source)
    return replace(made, **changed)


def test_what_is_not_there_is_created(spec):
    assert step_to_start(spec, []) is Step.CREATE


@pytest.mark.parametrize("state", ["running", "restarting"])
def test_what_runs_already_is_left_alone(spec, state):
    assert step_to_start(spec, [running(spec, state=state)]) is Step.NOTHING


@pytest.mark.parametrize("state", ["exited", "created", "dead"])
def test_what_has_ended_is_started_again(spec, state):
    assert step_to_start(spec, [running(spec, state=state)]) is Step.START_AGAIN


def test_another_spec_under_the_same_name_is_a_conflict(spec):
    with pytest.raises(Conflict, match="stop it first"):
        step_to_start(replace(spec, memory_bytes=1), [running(spec)])


def test_a_device_goes_to_one_container_only(spec):
    with pytest.raises(Conflict, match="'gate' holds") as refused:
        step_to_start(replace(spec, name="yard"), [running(spec)])
    assert refused.value.code == "device_taken"


def test_two_without_a_device_do_not_stand_in_each_others_way(spec):
    first, second = (replace(spec, name=name, device=None) for name in ("a", "b"))
    assert step_to_start(second, [running(first)]) is Step.CREATE


def test_a_full_node_takes_no_more(spec):
    there = [running(spec, name=f"c{number}", device=None) for number in range(MAX_CONTAINERS)]
    with pytest.raises(Unavailable, match="at most"):
        step_to_start(spec, there)


def test_only_what_this_agent_started_can_be_named(spec):
    assert named("gate", [running(spec)]).name == "gate"
    with pytest.raises(NotFound, match="this node's agent started"):
        named("redis", [running(spec)])


def test_the_digest_tells_every_difference_and_no_order(spec):
    assert replace(spec, environment=dict(reversed(spec.environment.items()))).digest == spec.digest
    assert replace(spec, environment={**spec.environment, "X": "1"}).digest != spec.digest
