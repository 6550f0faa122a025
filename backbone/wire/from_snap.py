"""What a snap device or a requester says to the orchestrator; any other text is a legacy one and is relayed."""

from typing import get_args

import msgspec

from backbone.errors import BadInput
from backbone.wire import codec, strict_json
from backbone.wire.shared import Authenticate
from backbone.wire.snap_values import DeadlineSeconds, Failed, Groups, SnapId, SnapName, Taken, Uploaded
from backbone.wire.values import Message


class Hello(Message, frozen=True, tag="hello"):
    """This socket speaks for a device with a camera, which is in these groups."""

    device_id: SnapName
    groups: Groups = ()


class Snap(Message, frozen=True, tag="snap"):
    """Have a device, a group or "all" take a picture; `snap_id` names it where the requester wants to."""

    to: SnapName
    snap_id: SnapId | None = None
    deadline_seconds: DeadlineSeconds = 10.0


FromSnap = Hello | Snap | Taken | Uploaded | Failed | Authenticate
TAGS = frozenset(str(member.__struct_config__.tag) for member in get_args(FromSnap))


def decode(raw: str | bytes) -> FromSnap:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: FromSnap = codec.decode(raw, FromSnap)
    return message


def snap_of(value: object) -> Snap:
    """Return the snap that a JSON value asks for.

    Raises:
        BadInput: it asks for none.
    """
    try:
        return msgspec.convert(value, Snap)
    except msgspec.ValidationError as fault:
        raise BadInput(f"expected 'to' and perhaps 'deadlineSeconds': {fault}") from None


def is_ours(text: str) -> bool:
    """Return whether a text is one of this direction's messages, well-formed or not; any other is a legacy one."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        value = strict_json.loads(text, max_bytes=codec.CONTROL_BYTES)
    except BadInput:
        return False
    return isinstance(value, dict) and isinstance(value.get("type"), str) and value["type"] in TAGS
