"""Values that the snap messages share. Not the messages themselves."""

from typing import Annotated

from msgspec import Meta

from backbone.wire.values import Message

ALL = "all"
"""Names every device; no device and no group may be called so."""

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""A device, a group or a snippet, as a regular expression."""

SnapName = Annotated[str, Meta(pattern=rf"^{NAME}\Z")]
Groups = Annotated[tuple[SnapName, ...], Meta(max_length=16)]
SnapId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
DeadlineSeconds = Annotated[float, Meta(ge=0.5, le=120.0)]


class Taken(Message, frozen=True, tag="taken"):
    """A device took its picture; nothing of it is stored yet."""

    snap_id: SnapId
    device_id: SnapName
    sha256: Sha256 | None = None


class Uploaded(Message, frozen=True, tag="uploaded"):
    """A device's picture was taken in at `/snippets/<deviceId>/`; `sha256` is of the bytes that it sent."""

    snap_id: SnapId
    device_id: SnapName
    sha256: Sha256


class Failed(Message, frozen=True, tag="failed"):
    """A device has no picture for this snap, and why."""

    snap_id: SnapId
    device_id: SnapName
    reason: Annotated[str, Meta(max_length=500)]


Answer = Taken | Uploaded | Failed
"""What a device says to a snap."""
