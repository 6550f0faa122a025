"""What a run's end means to who asked for it: status and one line of why. Runs nothing."""

import signal

from backbone.wire.offload import Offloaded, OffloadTask, Status
from job_workers.domain.ended import Ended, Over
from job_workers.domain.sandbox_policy import MIB, Policy


def result_of(
    task: OffloadTask, ended: Ended, policy: Policy, *, building: bool = False, cached: bool = False
) -> Offloaded:
    """Return a run's end as the result of its task."""
    status, message = outcome(ended, policy, building=building)
    if building and status == "ok":
        status, message = "compile_error", "expected the build to leave files within the bounds, it left more"
    return Offloaded(
        task.task_id,
        task.tag,
        status,
        message=message,
        exit_code=ended.exit_code,
        signal=None if ended.signal is None else signal_name(ended.signal),
        stdout=text_of(ended.stdout),
        stderr=text_of(ended.stderr),
        truncated=ended.over == "output",
        wall_ms=ended.wall_ms,
        cpu_ms=ended.cpu_ms,
        max_rss_kib=ended.max_rss_kib,
        cached=cached,
    )


def outcome(ended: Ended, policy: Policy, *, building: bool) -> tuple[Status, str]:
    """Return the status of a run and why it is not `ok`."""
    what = "build" if building else "program"
    if ended.over is not None:
        return _over(ended.over, policy, what)
    if ended.exit_code == 0:
        return "ok", ""
    failed: Status = "compile_error" if building else "runtime_error"
    if ended.signal is not None:
        return failed, f"the {what} was ended by {signal_name(ended.signal)}"
    if ended.exit_code is not None:
        return failed, f"the {what} ended with exit code {ended.exit_code}"
    said = text_of(ended.stderr).strip()[:200] or "nothing"
    return "rejected", f"expected the sandbox to tell how the {what} ended, it said: {said}"


def _over(bound: Over, policy: Policy, what: str) -> tuple[Status, str]:
    match bound:
        case "wall":
            within = f"{policy.wall_seconds:g} s, {policy.cpu_seconds:g} s of them computing"
            return "timeout", f"expected the {what} to end within {within}, it did not"
        case "memory":
            bounds = f"{policy.memory_bytes // MIB} MB and {policy.scratch_files} files"
            return "memory", f"expected the {what} to take at most {bounds}, it took more"
        case "output":
            return "output_limit", f"expected the {what} to write at most {policy.output_bytes} bytes, it wrote more"


def signal_name(number: int) -> str:
    """Return SIGSEGV for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def text_of(content: bytes) -> str:
    """Return what a program wrote, with replacement characters for what is no UTF-8."""
    return content.decode(errors="replace")
