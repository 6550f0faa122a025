"""What an agent and the orchestrator say to each other about a node, for each golden file of theirs."""

from backbone.wire import from_fleet_agent, to_fleet_agent
from backbone.wire.fleet_values import ContainerView, KindView
from backbone.wire.from_fleet_agent import Node
from backbone.wire.shared import Authenticate, Error
from backbone.wire.values import Message

GATE = ContainerView(name="gate", kind="camera", state="running", since=1700000000.0, device="/dev/video0")
CAMERA = KindView(kind="camera", devices=["/dev/video0"], sources=["rtsp://10.0.0.0/24", "test:"])
MACHINE = {"node_id": "pi-3", "architecture": "arm64", "cores": 4, "memory_bytes": 4_000_000_000, "load": 0.5}
NOT_LISTED = "device: expected one of /dev/video*, got '/dev/sda'"
UNKNOWN = "expected 'type' to be one of startContainer, got 'dance'"

FLEET_OPTIONAL = {"device", "source", "fault"}
FLEET_SAID: dict[str, Message] = {
    "from_fleet_agent/authenticate": Authenticate(jwt="header.claims.seal"),
    "from_fleet_agent/node": Node(**MACHINE, devices=["/dev/video0"], kinds=[CAMERA], containers=[GATE]),
    "from_fleet_agent/node.in_trouble": Node(
        **MACHINE, devices=[], kinds=[], containers=[], fault="expected an engine, got none"
    ),
    "from_fleet_agent/done": from_fleet_agent.Done(request_id="7", containers=[GATE]),
    "from_fleet_agent/refused": from_fleet_agent.Refused(request_id="7", code="not_listed", message=NOT_LISTED),
    "from_fleet_agent/error": Error(code="unknown_type", message=UNKNOWN, reply_to="dance"),
    "to_fleet_agent/startContainer": to_fleet_agent.StartContainer(
        request_id="7", kind="camera", name="gate", device="/dev/video0"
    ),
    "to_fleet_agent/startContainer.on_source": to_fleet_agent.StartContainer(
        request_id="7", kind="camera", name="gate", source="rtsp://10.0.0.7/1"
    ),
    "to_fleet_agent/startContainer.without_place": to_fleet_agent.StartContainer(
        request_id="7", kind="worker", name="one"
    ),
    "to_fleet_agent/stopContainer": to_fleet_agent.StopContainer(request_id="7", name="gate"),
    "to_fleet_agent/listContainers": to_fleet_agent.ListContainers(request_id="7"),
    "to_fleet_agent/error": Error(
        code="bad_message", message="node: Expected `int`, got `str` - at `$.cores`", reply_to="node"
    ),
}
