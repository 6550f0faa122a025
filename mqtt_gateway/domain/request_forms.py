"""What a message asks for, in either form (WIRE section 2): legacy text or JSON. Does not hand it over."""

import base64
import hashlib
import re
import shlex
from dataclasses import dataclass, field, replace

from backbone.errors import BadInput, NotAllowed, SearchlightError
from backbone.wire import from_device
from backbone.wire.from_device import OffloadRequest, Refusal
from backbone.wire.offload import Limits, OffloadTask
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import Address

INSTALLED, SOURCES = "localCode", "inputCode"
LEGACY_PROGRAM = "program"
SEPARATOR = "----"
LONGEST_TOPIC = 256
MOST_CORRELATION = 256
_CLIENT = re.compile(r"[^/+#\x00-\x1f\x7f]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be handed over.

    Attributes:
        digest: of topic and payload: the same request has the same.
    """

    client: str
    address: Address
    digest: str
    name: str = LEGACY_PROGRAM
    program: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    build: str | None = None
    args: tuple[str, ...] = ()
    stdin: str = ""
    limits: Limits = field(default_factory=Limits)

    def task(self, task_id: str, reply: str) -> OffloadTask:
        """Return what the workers are told; `reply`: the stream for the result."""
        return OffloadTask(
            task_id=task_id,
            reply=reply,
            tag=self.client,
            name=self.name,
            program=self.program,
            files=self.files,
            build=self.build,
            args=self.args,
            stdin=self.stdin,
            limits=self.limits,
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A message of a client that asks for nothing that can be run, and why; the text is for the client."""

    address: Address
    reason: str


def client_of(topic: str) -> str:
    """Return the client that published on a request topic.

    Raises:
        BadInput: it is not one of the two rooms with a client's name behind it.
    """
    room, _, client = topic.partition("/")
    if room not in {INSTALLED, SOURCES} or _CLIENT.fullmatch(client) is None:
        raise BadInput(f"topic: expected {INSTALLED}/<client> or {SOURCES}/<client>, got {topic[:100]!r}")
    return client


def read_request(message: Incoming) -> Asked | Refused:
    """Return what a message asks for; its payload is parsed here and nowhere else.

    Raises:
        BadInput: its topic is nobody's, so nobody can be told.
    """
    client = client_of(message.topic)
    told = _json_form(message)
    address = Address(
        f"result/{client}",
        request_id=None if told is None else told.request_id or "",
        correlation=None if message.correlation is None else base64.b64encode(message.correlation).decode(),
    )
    try:
        address = replace(address, topic=answer_topic(message, client))
        if isinstance(told, Refusal):
            return Refused(address, told.reason)
        asked = Asked(client, address, _digest(message))
        return _text(asked, message) if told is None else _json(asked, told)
    except SearchlightError as fault:
        return Refused(address, fault.message)


def _json_form(message: Incoming) -> OffloadRequest | Refusal | None:
    """Return what a message in the JSON form holds, None where it has the text form.

    The argument of an installed program may begin with a brace: there only an id tells the JSON form.
    """
    if not message.payload.lstrip().startswith(b"{"):
        return None
    told = from_device.read(message.payload)
    return told if message.topic.startswith(f"{SOURCES}/") or told.request_id is not None else None


def _digest(message: Incoming) -> str:
    return hashlib.sha256(message.topic.encode() + b"\0" + message.payload).hexdigest()


def _json(asked: Asked, told: OffloadRequest) -> Asked:
    return replace(
        asked,
        program=told.program,
        files=told.files,
        build=told.build,
        args=told.args,
        stdin=told.stdin,
        limits=told.limits,
    )


def _text(asked: Asked, message: Incoming) -> Asked:
    try:
        text = message.payload.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        raise BadInput("expected UTF-8, got a payload that is not") from None
    if message.topic.startswith(f"{INSTALLED}/"):
        return replace(asked, program=LEGACY_PROGRAM, args=_words(text))
    return _sources(asked, text)


def _sources(asked: Asked, text: str) -> Asked:
    """Split at the first two separators and the last: the source may hold others."""
    parts = text.split(SEPARATOR, 2)
    source, last, build = parts[-1].rpartition(SEPARATOR)
    if len(parts) < 3 or not last:
        raise BadInput(f"expected four parts joined by {SEPARATOR}, got {text.count(SEPARATOR) + 1}")
    name = parts[0].strip()
    if _NAME.fullmatch(name) is None:
        raise BadInput(f"name: expected up to 64 letters, digits, '.', '_' and '-', got {name[:64]!r}")
    return replace(asked, name=name, files={f"{name}.c": source}, build=build.strip(), args=_words(parts[1]))


def _words(text: str) -> tuple[str, ...]:
    """Return the arguments of a line as a shell would split them; a quote that never ends is a letter like others."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def answer_topic(message: Incoming, client: str) -> str:
    """Return where the answer goes: the client's own topic, or one below it that the message names.

    Raises:
        NotAllowed: the message names a topic that is not the client's.
        BadInput: its correlation data is too long.
    """
    own, named = f"result/{client}", message.response_topic
    if message.correlation is not None and len(message.correlation) > MOST_CORRELATION:
        raise BadInput(f"correlation data: expected at most {MOST_CORRELATION} bytes, got {len(message.correlation)}")
    if named is None or named == own:
        return own
    plain = len(named) <= LONGEST_TOPIC and not set(named) & {"+", "#", "\0"}
    if not plain or not named.startswith(f"{own}/"):
        raise NotAllowed(f"response topic: expected {own} or one below it, got {named[:100]!r}")
    return named
