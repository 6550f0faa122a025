"""What is kept of a request until its answer is delivered, and what of its answer after that. Keeps nothing itself."""

from dataclasses import dataclass
from typing import Literal

from backbone.wire.offload import OffloadTask


@dataclass(frozen=True, slots=True)
class Address:
    """Where an answer goes, and in which form.

    Attributes:
        correlation: base64 of what the client wants to have back; None: nothing.
        request_id: None: the text form; empty: the JSON form, and no id that can be read.
    """

    topic: str
    request_id: str | None = None
    correlation: str | None = None

    @property
    def form(self) -> Literal["text", "json"]:
        """The form of the request, and of its answer."""
        return "text" if self.request_id is None else "json"


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that was taken: it is in Redis, so the broker may forget it; `digest` is of what came."""

    task: OffloadTask
    address: Address
    digest: str

    @property
    def client(self) -> str:
        """Who asked."""
        return self.task.tag

    @property
    def task_id(self) -> str:
        """The name of its run, no other request's."""
        return self.task.task_id


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of a request with an id, so that it is never run twice.

    Attributes:
        digest: of the request: another one under its id is refused.
        answer: its payload in base64, None while it is on its way.
    """

    digest: str
    answer: str | None = None
