"""`python -m edge_devices.offload --code FILE.c --args "..."`: one request, its output and exit code."""

import signal
import sys
import uuid
from collections.abc import Mapping
from typing import Any

from edge_devices.offload.link import NoAnswer, OffloadLink
from edge_devices.offload.options import OffloadOptions, read_options

TOO_LONG, NOT_RUN, NO_ANSWER = 124, 125, 69


def main() -> None:
    """Have something run; the exit code is the program's."""
    sys.exit(run(read_options()))


def run(options: OffloadOptions) -> int:
    """Ask, print the output, and return the exit code that tells how it went."""
    request = {"requestId": uuid.uuid4().hex, **options.request}
    try:
        answer = OffloadLink(options, _note).ask(request)
    except NoAnswer as fault:
        _note(str(fault))
        return NO_ANSWER
    except KeyboardInterrupt:
        _note("stopped by you; the program may still run there")
        return 128 + signal.SIGINT
    sys.stdout.write(str(answer.get("stdout", "")))
    sys.stdout.flush()
    sys.stderr.write(str(answer.get("stderr", "")))
    _note(_told(answer))
    return exit_code_of(answer)


def exit_code_of(answer: Mapping[str, Any]) -> int:
    """Return what a shell would see, had the program run here."""
    status, code, ended_by = answer.get("status"), answer.get("exitCode"), answer.get("signal")
    if status == "timeout":
        return TOO_LONG
    if status not in {"ok", "runtime_error"}:
        return NOT_RUN
    if ended_by is not None:
        known = signal.Signals.__members__.get(str(ended_by))
        return NOT_RUN if known is None else 128 + known
    return code % 256 if isinstance(code, int) else NOT_RUN


def _told(answer: Mapping[str, Any]) -> str:
    """Return one line on how it went."""
    parts = [str(answer.get("status"))]
    if answer.get("message"):
        parts.append(str(answer["message"]))
    parts.append(f"{answer.get('wallMs', 0):.0f} ms, {answer.get('maxRssKiB', 0) / 1024:.0f} MB")
    parts += ["built before"] * bool(answer.get("cached")) + ["output cut"] * bool(answer.get("truncated"))
    return "; ".join(parts)


def _note(text: str) -> None:
    print(f"offload: {text}", file=sys.stderr, flush=True)
