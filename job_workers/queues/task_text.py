"""A task as it comes out of a queue: text that becomes an object in one place. Runs none."""

from collections.abc import Callable

import msgspec

from backbone.errors import BadInput
from backbone.wire.jobs import Task

Progress = Callable[[int, int], None]
"""Called with how many parts of a task are done, and of how many."""
_task = msgspec.json.Decoder(Task)


def decoded(text: str) -> Task:
    """Return the task in a text.

    Raises:
        BadInput: it is none.
    """
    try:
        task: Task = _task.decode(text)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"expected a task, got a text that is none: {fault}", code="bad_task") from None
    return task
