"""What comes in: one request to run code. Has it built and run, and writes the result; knows no queue."""

from contextlib import suppress
from typing import Protocol

from backbone.errors import BadInput, SearchlightError
from backbone.wire.jobs import Result, Task
from backbone.wire.offload import Offloaded, OffloadTask
from job_workers.domain.builds import Build, build_of, checked_input
from job_workers.domain.sandbox_file import SandboxFile
from job_workers.domain.sandbox_policy import Policy
from job_workers.offload.build_cache import BuildCache
from job_workers.offload.outcome import result_of, text_of
from job_workers.offload.programs import INSIDE, Programs
from job_workers.offload.toolchain import installed_tools, toolchain
from job_workers.queues.task_text import Progress
from job_workers.sandbox.files import files_of_tar
from job_workers.sandbox.sandbox import Sandbox


class Store(Protocol):
    """Where results go; `job_workers.queues.results.ResultStore` is one."""

    def is_done(self, task_id: str) -> bool:
        """Return whether a task's last result was written."""

    def write(self, reply: str, result: Result) -> bool:
        """Write a result once."""


class OffloadHandler:
    """Runs requests, one at a time.

    Args:
        sandbox: where foreign code runs; a text instead says why there is none, and every request is refused.
    """

    def __init__(
        self, store: Store, sandbox: Sandbox | str, *, policy: Policy, cache: BuildCache, programs: Programs
    ) -> None:
        self._store = store
        self._sandbox = sandbox
        self._policy = policy
        self._cache = cache
        self._programs = programs

    def run(self, task: Task, progress: Progress) -> None:  # noqa: ARG002 - one run has no parts
        """Run one request and write its result, unless that was done before.

        Raises:
            BadInput: the task is of another queue.
            redis.RedisError: Redis is away; the task may be run again.
        """
        if not isinstance(task, OffloadTask):
            raise BadInput(f"expected a task of the queue offload, got {type(task).__name__}", code="bad_task")
        if not self._store.is_done(task.task_id):
            self._store.write(task.reply, self.result(task))

    def result(self, task: OffloadTask) -> Offloaded:
        """Return how a task ended."""
        try:
            return self._result(task)
        except SearchlightError as fault:
            return Offloaded(task.task_id, task.tag, "rejected", message=fault.message)

    def _result(self, task: OffloadTask) -> Offloaded:
        if isinstance(self._sandbox, str):
            raise BadInput(f"foreign code is refused here: {self._sandbox}", code="no_sandbox")
        policy, stdin = self._policy.granted(task.limits), checked_input(task.args, task.stdin)
        if (task.program is None) == (not task.files):
            raise BadInput("expected either an installed program or files, got both or neither", code="bad_task")
        if task.program is not None:
            program = self._programs.get(task.program)
            ended = self._sandbox.run([INSIDE, *task.args], policy=policy, files=[program], stdin=stdin)
            return result_of(task, ended, policy)
        build = build_of(task, installed_tools())
        made = self._made(task, build, self._sandbox, policy)
        if isinstance(made, Offloaded):
            return made
        files, cached = made
        ended = self._sandbox.run([*build.program(files), *task.args], policy=policy, files=files, stdin=stdin)
        return result_of(task, ended, policy, cached=cached)

    def _made(
        self, task: OffloadTask, build: Build, sandbox: Sandbox, policy: Policy
    ) -> tuple[tuple[SandboxFile, ...], bool] | Offloaded:
        """Return the files to run with and whether they were built before, or how building failed."""
        if build.command is None:
            return build.sources, False
        key = build.key(toolchain())
        files = self._cache.get(key)
        if files is not None:
            return files, True
        ended = sandbox.run(build.command, policy=policy, files=build.sources, keep=True)
        if ended.kept is None:
            return result_of(task, ended, policy, building=True)
        try:
            files = files_of_tar(ended.kept, most_bytes=policy.scratch_bytes)
            build.program(files)
        except BadInput as fault:
            return Offloaded(
                task.task_id, task.tag, "compile_error", message=fault.message, stderr=text_of(ended.stderr)
            )
        with suppress(OSError):  # a full disk costs time, not the request
            self._cache.put(key, files)
        return files, False
