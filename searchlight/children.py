"""The processes of an embedded run: started, started again when they fall, and ended within 5 s. Adapter: processes."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backbone.backoff import Backoff

STOP_SECONDS = 4.0
KEPT_LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: a name for people, the command, and what to add to the environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


class Children:
    """The child processes of one run.

    Args:
        logs: folder that gets one file a program.
        say: tells a person what happened.
    """

    def __init__(self, logs: Path, *, say: Callable[[str, str], None]) -> None:
        self._logs = logs
        self._say = say
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        self._logs.mkdir(parents=True, exist_ok=True)
        await self._spawn(program)
        self._keepers.append(asyncio.create_task(self._keep(program)))

    async def aclose(self) -> None:
        """End all programs together, then the first one, which the others write to.

        What does not end in time is killed with its whole group.
        """
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        first, others = list(self._processes.values())[:1], list(self._processes.values())[1:]
        deadline = asyncio.get_running_loop().time() + STOP_SECONDS
        for together in (others, first):
            await asyncio.gather(*(self._end(process, deadline) for process in together))

    async def _end(self, process: asyncio.subprocess.Process, deadline: float) -> None:
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout_at(deadline):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        path = self._logs / f"{program.name}.log"
        if path.exists() and path.stat().st_size > KEPT_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "backbone.die_with_parent",
                str(os.getpid()),
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env=os.environ | program.environment,
                start_new_session=True,
            )
        self._processes[program.name] = process
        return process

    async def _keep(self, program: Program) -> None:
        backoff = Backoff()
        while True:
            code = await self._processes[program.name].wait()
            wait = backoff.next_wait()
            log = self._logs / f"{program.name}.log"
            self._say(program.name, f"ended with code {code}, starts again in {wait:.0f} s; see {log}")
            await asyncio.sleep(wait)
            await self._spawn(program)
