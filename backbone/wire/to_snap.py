"""What the orchestrator says to snap devices and requesters."""

from typing import Annotated, Literal

from msgspec import Meta

from backbone.wire import codec
from backbone.wire.shared import Error
from backbone.wire.snap_values import DeadlineSeconds, Failed, Sha256, SnapId, SnapName, Taken, Uploaded
from backbone.wire.values import Message


class Snap(Message, frozen=True, tag="snap"):
    """Take a picture now; `legacy`: it was asked for by the plain text `snap`, and nobody waits for a summary."""

    snap_id: SnapId
    to: SnapName
    deadline_seconds: DeadlineSeconds
    legacy: bool = False


class DeviceResult(Message, frozen=True):
    """What became of a snap at one device.

    `state`: `silent` said nothing, `taken` never uploaded, `offline` was not connected. `seconds` from the request on.
    """

    device_id: SnapName
    state: Literal["uploaded", "taken", "failed", "silent", "offline"]
    sha256: Sha256 | None = None
    reason: Annotated[str, Meta(max_length=500)] | None = None
    seconds: float | None = None


class Summary(Message, frozen=True, tag="summary"):
    """The end of a snap: one result a device, by name; `complete`: there was one at least, and all uploaded."""

    snap_id: SnapId
    devices: list[DeviceResult]
    complete: bool


ToSnap = Snap | Taken | Uploaded | Failed | Summary | Error


def decode(raw: str | bytes) -> ToSnap:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: ToSnap = codec.decode(raw, ToSnap)
    return message
