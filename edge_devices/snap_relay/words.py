"""What devices and a relay say to each other (WIRE section 1): plain words and JSON. Sends nothing."""

import json
from collections.abc import Collection
from dataclasses import dataclass

READY, SNAP, STOP = "Ready for capture", "snap", "stop"
"""The legacy words."""

ALL = "all"
MOST_BYTES = 64 * 1024
DEFAULT_SECONDS = 10.0


@dataclass(frozen=True)
class Order:
    """Take a picture now.

    Attributes:
        snap_id: None: a legacy client asked, and nobody waits for an answer.
        seconds: how long the requester waits.
        legacy: others wait for the word `stop` when the picture is taken.
    """

    snap_id: str | None = None
    seconds: float = DEFAULT_SECONDS
    legacy: bool = False


def told(text: str) -> dict[str, object]:
    """Return the message in a text; empty when it is a plain word or nothing that we know."""
    if not text.startswith("{") or len(text) > MOST_BYTES:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def order_in(text: str, device_id: str, groups: Collection[str]) -> Order | None:
    """Return what a text orders this device to do; None when it is for others, or no order."""
    if text.strip() == SNAP:
        return Order(legacy=True)
    message = told(text)
    if message.get("type") != "snap" or message.get("to") not in {ALL, device_id, *groups}:
        return None
    snap_id, seconds = message.get("snapId"), message.get("deadlineSeconds", DEFAULT_SECONDS)
    if not isinstance(snap_id, str) or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return Order(snap_id, min(max(float(seconds), 0.5), 120.0), message.get("legacy") is True)


def hello(device_id: str, groups: Collection[str]) -> str:
    """Return the text by which a device tells who it is."""
    return json.dumps({"type": "hello", "deviceId": device_id, "groups": list(groups)})


def snap(snap_id: str, to: str, seconds: float) -> str:
    """Return the text that asks devices for pictures."""
    return json.dumps({"type": "snap", "snapId": snap_id, "to": to, "deadlineSeconds": seconds})


def taken(snap_id: str, device_id: str, sha256: str) -> str:
    """Return the text that tells of a picture."""
    return json.dumps({"type": "taken", "snapId": snap_id, "deviceId": device_id, "sha256": sha256})


def uploaded(snap_id: str, device_id: str, sha256: str) -> str:
    """Return the text that tells that the server has the picture."""
    return json.dumps({"type": "uploaded", "snapId": snap_id, "deviceId": device_id, "sha256": sha256})


def failed(snap_id: str, device_id: str, reason: str) -> str:
    """Return the text that tells why there is no picture."""
    return json.dumps({"type": "failed", "snapId": snap_id, "deviceId": device_id, "reason": reason[:500]})
