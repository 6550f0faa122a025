"""What a client is answered, in the form in which it asked. Sends nothing."""

from backbone.wire.jobs import Failed, Result
from backbone.wire.offload import Offloaded, Status
from backbone.wire.to_device import OffloadAnswer, answer_of, as_json, as_text
from mqtt_gateway.domain.open_request import Address

FAILED_STATUS: dict[str, Status] = {"too_slow": "timeout", "too_big": "memory"}


def refusal_to(address: Address, reason: str) -> OffloadAnswer:
    """Return the answer to what is not run."""
    return OffloadAnswer(request_id=address.request_id or None, status="rejected", message=reason)


def answer_to(address: Address, result: Result) -> OffloadAnswer:
    """Return the answer that tells how a task ended, also where its worker gave up."""
    return answer_of(_offloaded(result), address.request_id)


def payload_of(answer: OffloadAnswer, address: Address) -> bytes:
    """Return an answer as its client reads it."""
    return as_text(answer) if address.form == "text" else as_json(answer)


def _offloaded(result: Result) -> Offloaded:
    match result:
        case Offloaded():
            return result
        case Failed(task_id=task_id, tag=tag, code=code, message=message):
            return Offloaded(task_id, tag, FAILED_STATUS.get(code, "rejected"), message=message)
    text = f"expected the result of an offload task, got {type(result).__name__}"
    return Offloaded(result.task_id, result.tag, "rejected", message=text)
