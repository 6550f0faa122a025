"""What a small device is answered over MQTT, as JSON or as text (WIRE section 2). Runs nothing."""

import msgspec

from backbone.wire.offload import Offloaded, Status
from backbone.wire.values import Message

MOST_BYTES = 1_000_000
"""Of one answer: a larger packet would end the gateway's connection, again and again."""
MOST_LINE = 1_000

_encode = msgspec.json.Encoder().encode


class OffloadAnswer(Message, frozen=True, omit_defaults=False):
    """How a request ended.

    Attributes:
        request_id: None where what came had none that could be read.
        message: why it is not `ok`, one line.
        cached: the program was built before.
    """

    request_id: str | None
    status: Status
    message: str = ""
    exit_code: int | None = None
    signal: str | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    max_rss_kib: int = msgspec.field(default=0, name="maxRssKiB")
    cached: bool = False


def answer_of(result: Offloaded, request_id: str | None) -> OffloadAnswer:
    """Return the answer that tells a result."""
    return OffloadAnswer(
        request_id=request_id,
        status=result.status,
        message=result.message,
        exit_code=result.exit_code,
        signal=result.signal,
        stdout=result.stdout,
        stderr=result.stderr,
        truncated=result.truncated,
        wall_ms=result.wall_ms,
        cpu_ms=result.cpu_ms,
        max_rss_kib=result.max_rss_kib,
        cached=result.cached,
    )


def as_json(answer: OffloadAnswer) -> bytes:
    """Return an answer for whoever asked in JSON, cut to what the broker takes."""
    payload = _encode(answer)
    while len(payload) > MOST_BYTES:
        most = max(len(answer.stdout), len(answer.stderr)) // 2
        cut = {"stdout": answer.stdout[:most], "stderr": answer.stderr[:most]}
        answer = msgspec.structs.replace(answer, truncated=True, message=answer.message[:1_000], **cut)
        payload = _encode(answer)
    return payload


def as_text(answer: OffloadAnswer) -> bytes:
    """Return an answer for whoever asked in text: the program's output, or one line `error: <status>: <first line>`."""
    if answer.status == "ok":
        return answer.stdout.encode()[:MOST_BYTES]
    told = answer.message.strip() or answer.stderr.strip()
    return f"error: {answer.status}: {told.splitlines()[0] if told else 'no reason was told'}".encode()[:MOST_LINE]
