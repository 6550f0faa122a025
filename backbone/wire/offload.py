"""Work that a small device hands over: what is to be built and run, and how it ended. Runs nothing."""

from typing import Literal

from msgspec import Struct

OFFLOAD = "offload"
"""Name of the rq queue."""

Status = Literal["ok", "compile_error", "runtime_error", "timeout", "memory", "output_limit", "rejected"]


class Limits(Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What a request asks for; the worker grants no more than its own policy. None: the policy's.

    Attributes:
        wall_seconds: compile and run, each.
        cpu_seconds: compile and run, each.
    """

    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    memory_mb: int | None = None
    output_bytes: int | None = None


class OffloadTask(Struct, frozen=True, rename="camel", tag="offload", tag_field="type", omit_defaults=True):
    """Run an installed program, or build and run sources; exactly one of `program` and `files` is given.

    Attributes:
        tag: the client that asked; results of one client never go to another.
        program: name in the worker's catalogue.
        files: plain file name -> text.
        build: one line, split as a shell would split words, run without a shell; in it `<name>` stands for the path
            of the program without suffix. None: nothing is built.
        name: plain name of the program; a legacy request's source is `<name>.c`, its program `<name>`.
        args: handed to the program.
    """

    task_id: str
    reply: str
    tag: str
    name: str = "program"
    program: str | None = None
    files: dict[str, str] = {}
    build: str | None = None
    args: tuple[str, ...] = ()
    stdin: str = ""
    limits: Limits = Limits()


class Offloaded(Struct, frozen=True, rename="camel", tag="offloaded", tag_field="type", omit_defaults=True):
    """How an `OffloadTask` ended.

    Attributes:
        message: one line on why it is not `ok`.
        exit_code: of the program, None where none ran or a signal ended it.
        stdout, stderr: UTF-8 with replacement characters for what is none; cut where `truncated`.
        cached: the program was built before.
    """

    task_id: str
    tag: str
    status: Status
    message: str = ""
    exit_code: int | None = None
    signal: str | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    max_rss_kib: int = 0
    cached: bool = False
