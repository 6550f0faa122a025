"""A file that goes into a sandbox or comes out of it, and where it lies there. Reads and writes none."""

from dataclasses import dataclass

WORK = "/tmp/work"  # noqa: S108 - inside the sandbox, where /tmp is its own
"""The folder that a run starts in and may write to, inside the sandbox."""


@dataclass(frozen=True, slots=True)
class SandboxFile:
    """A file in a sandbox; `name` is relative to `WORK`, or absolute."""

    name: str
    content: bytes
    executable: bool = False
