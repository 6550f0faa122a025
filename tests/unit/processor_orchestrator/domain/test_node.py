"""Which machines there are, who speaks for them, and what a refusal of theirs means."""

import pytest

from backbone.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from backbone.wire.fleet_values import ContainerView
from backbone.wire.from_fleet_agent import Node, Refused
from processor_orchestrator.domain import node as nodes_module
from processor_orchestrator.domain.node import Nodes, refusal

OLD, NEW, OTHER = 1, 2, 3
GATE = ContainerView(name="gate", kind="camera", state="running", since=1.0)


def node(node_id="pi-3", **changed) -> Node:
    told = {"architecture": "arm64", "cores": 4, "memory_bytes": 1, "load": 0.5}
    return Node(node_id=node_id, **(told | {"devices": [], "kinds": [], "containers": []} | changed))


@pytest.fixture
def nodes():
    return Nodes()


def test_an_agent_speaks_for_its_node_until_it_leaves(nodes):
    assert nodes.told(OLD, node(), None, now=10.0) is None
    assert (nodes.agent_of("pi-3"), nodes.node_of(OLD), nodes.online()) == (OLD, "pi-3", 1)
    assert nodes.left(OLD, now=20.0) == "pi-3"
    (known,) = nodes.known()
    assert (known.agent, known.since, nodes.online()) == (None, 20.0, 0)


def test_a_node_that_tells_more_stays_online_since_it_came(nodes):
    nodes.told(OLD, node(), None, now=10.0)
    assert nodes.told(OLD, node(load=3.0, containers=[GATE]), None, now=15.0) is None
    (known,) = nodes.known()
    assert (known.told.load, known.containers, known.since) == (3.0, [GATE], 10.0)


def test_the_newest_agent_of_one_subject_wins_and_the_stale_close_changes_nothing(nodes):
    nodes.told(OLD, node(), "fleet", now=10.0)
    assert nodes.told(NEW, node(), "fleet", now=11.0) == OLD
    assert nodes.left(OLD, now=12.0) is None
    assert nodes.agent_of("pi-3") == NEW


def test_another_subject_is_refused_and_changes_nothing(nodes):
    nodes.told(OLD, node(), "fleet", now=10.0)
    with pytest.raises(Conflict, match="nobody else speaks for"):
        nodes.told(NEW, node(load=9.0), "intruder", now=11.0)
    assert (nodes.agent_of("pi-3"), nodes.known()[0].told.load) == (OLD, 0.5)


def test_an_agent_speaks_for_one_node_only(nodes):
    nodes.told(OLD, node("pi-3"), None, now=10.0)
    with pytest.raises(Conflict, match="one node for each agent"):
        nodes.told(OLD, node("pi-4"), None, now=11.0)
    assert [known.told.node_id for known in nodes.known()] == ["pi-3"]


def test_unknown_and_offline_nodes_are_told_apart(nodes):
    with pytest.raises(NotFound, match="known node"):
        nodes.agent_of("pi-3")
    nodes.told(OLD, node(), None, now=10.0)
    nodes.left(OLD, now=11.0)
    with pytest.raises(Unavailable, match="connected node") as refused:
        nodes.agent_of("pi-3")
    assert refused.value.code == "node_offline"


def test_an_answer_renews_the_containers(nodes):
    nodes.told(OLD, node(), None, now=10.0)
    nodes.now_runs(OLD, [GATE])
    assert nodes.known()[0].containers == [GATE]
    nodes.now_runs(OTHER, [])
    assert nodes.known()[0].containers == [GATE]


def test_the_longest_offline_node_is_forgotten_first_and_an_online_one_never(nodes, monkeypatch):
    monkeypatch.setattr(nodes_module, "MAX_NODES", 2)
    nodes.told(OLD, node("a"), None, now=1.0)
    nodes.told(NEW, node("b"), None, now=2.0)
    with pytest.raises(Unavailable, match="at most 2"):
        nodes.told(OTHER, node("c"), None, now=3.0)
    nodes.left(OLD, now=4.0)
    nodes.told(OTHER, node("c"), None, now=5.0)
    assert [known.told.node_id for known in nodes.known()] == ["b", "c"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("not_listed", NotAllowed),
        ("bad_input", BadInput),
        ("no_device", BadInput),
        ("unknown_container", NotFound),
        ("conflict", Conflict),
        ("device_taken", Conflict),
        ("engine_away", Unavailable),
        ("never heard of", Unavailable),
    ],
)
def test_a_refusal_keeps_its_code_and_text(code, error):
    told = refusal(Refused(request_id="1", code=code, message="expected one, got none"))
    assert (type(told), told.code, told.message) == (error, code, "expected one, got none")
