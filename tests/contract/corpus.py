"""The golden corpus: one file for each message of each direction, exactly as it goes over the wire."""

from pathlib import Path
from types import ModuleType

from backbone.wire import (
    from_client,
    from_fleet_agent,
    from_processor,
    from_snap,
    to_client,
    to_fleet_agent,
    to_processor,
    to_snap,
)

FOLDER = Path(__file__).parent / "golden"
DIRECTIONS: dict[str, ModuleType] = {
    "from_client": from_client,
    "from_fleet_agent": from_fleet_agent,
    "from_processor": from_processor,
    "from_snap": from_snap,
    "to_client": to_client,
    "to_fleet_agent": to_fleet_agent,
    "to_processor": to_processor,
    "to_snap": to_snap,
}
UNIONS = {
    "from_client": from_client.FromClient,
    "from_fleet_agent": from_fleet_agent.FromFleetAgent,
    "from_processor": from_processor.FromProcessor,
    "from_snap": from_snap.FromSnap,
    "to_client": to_client.ToClient,
    "to_fleet_agent": to_fleet_agent.ToFleetAgent,
    "to_processor": to_processor.ToProcessor,
    "to_snap": to_snap.ToSnap,
}
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.json"))
"""Such as `from_client/start` and, for a variant, `from_client/start.by_picture`."""


def golden(name: str) -> bytes:
    """Return a message's bytes."""
    return (FOLDER / f"{name}.json").read_bytes().rstrip(b"\n")
