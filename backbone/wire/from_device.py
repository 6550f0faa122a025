"""What a small device asks for in JSON over MQTT (WIRE section 2). Runs nothing; the text form is not read here."""

from typing import Annotated

import msgspec
from msgspec import Meta

from backbone.errors import BadInput
from backbone.wire import strict_json
from backbone.wire.offload import Limits
from backbone.wire.values import Message

MAX_BYTES = 1024 * 1024
"""One request, the broker's cap."""

RequestId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:@~+/=-]+$")]
PlainName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$")]


class OffloadRequest(Message, frozen=True, forbid_unknown_fields=True):
    """Run an installed program, or build and run files; exactly one of `program` and `files` is given.

    Attributes:
        request_id: chosen by the device, no other request's of it; the same one again is answered, not run, again.
        files: plain file name -> text.
        build: one line without a shell; `<name>` stands for the program's path.
        limits: less than the worker's own are granted, more are not.
    """

    request_id: RequestId
    program: PlainName | None = None
    files: Annotated[dict[PlainName, str], Meta(max_length=64)] = msgspec.field(default_factory=dict)
    build: Annotated[str, Meta(max_length=4096)] | None = None
    args: Annotated[tuple[str, ...], Meta(max_length=256)] = ()
    stdin: str = ""
    limits: Limits = Limits()


class Refusal(Message, frozen=True):
    """Why a payload is no request, and the id that it has all the same; None: none that can be read."""

    request_id: str | None
    reason: str


def read(raw: bytes) -> OffloadRequest | Refusal:
    """Return the request that `raw` holds, or what was expected instead; it is parsed once for both."""
    try:
        value = strict_json.loads(raw, max_bytes=MAX_BYTES)
    except BadInput as fault:
        return Refusal(None, fault.message)
    try:
        return _request(value)
    except BadInput as fault:
        return Refusal(_request_id(value), fault.message)


def _request(value: object) -> OffloadRequest:
    try:
        request = msgspec.convert(value, OffloadRequest)
    except msgspec.ValidationError as fault:
        raise BadInput(f"request: {fault}", code="bad_request") from None
    if (request.program is None) is not bool(request.files):
        raise BadInput("request: expected either 'program' or 'files', got both or neither", code="bad_request")
    if request.program is not None and request.build is not None:
        raise BadInput("build: expected it with 'files' only, got it with 'program'", code="bad_request")
    _check_limits(request.limits)
    return request


def _check_limits(limits: Limits) -> None:
    told = (limits.wall_seconds, limits.cpu_seconds, limits.memory_mb, limits.output_bytes)
    if any(value is not None and value <= 0 for value in told):
        raise BadInput("limits: expected figures above 0, got another", code="bad_request")


def _request_id(value: object) -> str | None:
    """Return the id of a request that is otherwise wrong, so that its refusal can name it."""
    try:
        return msgspec.convert(value["requestId"], RequestId) if isinstance(value, dict) else None
    except (KeyError, msgspec.ValidationError):
        return None
