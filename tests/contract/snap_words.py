"""What snap devices, requesters and the orchestrator say to each other, for each golden file of theirs."""

from backbone.wire import from_snap, to_snap
from backbone.wire.shared import Authenticate, Error
from backbone.wire.snap_values import Failed, Taken, Uploaded
from backbone.wire.values import Message

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WHO = {"snap_id": "7c1", "device_id": "roof-2"}
TAKEN, UPLOADED = Taken(**WHO, sha256=DIGEST), Uploaded(**WHO, sha256=DIGEST)
FAILED = Failed(**WHO, reason="expected a camera at 0, got none that opens")

SNAP_OPTIONAL = {"groups", "snapId", "deadlineSeconds", "sha256", "legacy", "reason", "seconds"}
# Of those, what one message or another cannot do without.
NEEDED = {
    "from_snap/taken": {"snapId"},
    "from_snap/uploaded": {"snapId", "sha256"},
    "from_snap/failed": {"snapId", "reason"},
    "to_snap/snap": {"snapId", "deadlineSeconds"},
    "to_snap/taken": {"snapId"},
    "to_snap/uploaded": {"snapId", "sha256"},
    "to_snap/failed": {"snapId", "reason"},
    "to_snap/summary": {"snapId"},
}
SNAP_SAID: dict[str, Message] = {
    "from_snap/authenticate": Authenticate(jwt="header.claims.seal"),
    "from_snap/hello": from_snap.Hello(device_id="roof-2", groups=("roof", "north")),
    "from_snap/hello.alone": from_snap.Hello(device_id="1"),
    "from_snap/snap": from_snap.Snap(to="roof", snap_id="7c1", deadline_seconds=20.0),
    "from_snap/snap.everybody": from_snap.Snap(to="all"),
    "from_snap/taken": TAKEN,
    "from_snap/uploaded": UPLOADED,
    "from_snap/failed": FAILED,
    "to_snap/snap": to_snap.Snap(snap_id="7c1", to="roof", deadline_seconds=20.0),
    "to_snap/snap.legacy": to_snap.Snap(snap_id="7c1", to="all", deadline_seconds=10.0, legacy=True),
    "to_snap/taken": TAKEN,
    "to_snap/uploaded": UPLOADED,
    "to_snap/failed": FAILED,
    "to_snap/summary": to_snap.Summary(
        snap_id="7c1",
        devices=[
            to_snap.DeviceResult(device_id="roof-1", state="silent"),
            to_snap.DeviceResult(device_id="roof-2", state="uploaded", sha256=DIGEST, seconds=2.5),
            to_snap.DeviceResult(device_id="roof-3", state="failed", reason="no picture", seconds=0.25),
        ],
        complete=False,
    ),
    "to_snap/error": Error(
        code="unknown_device", message="to: expected a known device or group, or 'all', got 'attic'", reply_to="snap"
    ),
}
