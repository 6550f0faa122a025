"""What parts of running code cost by themselves: the compiler, the sandbox. Knows no gateway and no device."""

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks.comparison import ResultsDiffer, Spread
from benchmarks.offload_programs import PROGRAMS, Program
from job_workers.domain.sandbox_file import WORK, SandboxFile
from job_workers.domain.sandbox_policy import Policy
from job_workers.sandbox.sandbox import Sandbox

TIMES = 50


def parts(runs: int) -> str:
    """Return what was measured, in sentences.

    Raises:
        ResultsDiffer: a program says something else in the sandbox.
    """
    told = []
    for name, program in PROGRAMS.items():
        spread = Spread.of([_seconds(lambda: _compiled(program), 1) for _ in range(runs)])  # noqa: B023 - called here
        lines = program.source.count("\n")
        told.append(f"- gcc alone, {name} program ({lines} lines, `{program.build}`), ms: {_millis(spread)}.")
    inside, bare = _sandboxed(runs)
    told.append(
        f"- A built program (small) by a direct call, ms: {_millis(inside)} in the sandbox, {_millis(bare)} bare. "
        f"The sandbox costs **{(inside.middle - bare.middle) * 1e3:.1f}** ms."
    )
    return "\n".join(told)


def _sandboxed(runs: int) -> tuple[Spread, Spread]:
    """Return the seconds of one run in the sandbox, and of one without."""
    sandbox = Sandbox.prepare(slot=0)
    with _built(PROGRAMS["small"]) as path:
        file = SandboxFile(path.name, path.read_bytes(), executable=True)

        def inside() -> bytes:
            return sandbox.run([f"{WORK}/{path.name}", "word"], policy=Policy(), files=[file]).stdout

        def bare() -> bytes:
            return subprocess.run([path, "word"], stdout=subprocess.PIPE, check=True).stdout

        if (said := inside()) != (wanted := bare()):
            raise ResultsDiffer(f"in the sandbox a program said {said!r}, bare {wanted!r}")
        times = [(_seconds(inside, TIMES), _seconds(bare, TIMES)) for _ in range(runs)]
    return Spread.of([one for one, _ in times]), Spread.of([one for _, one in times])


@contextmanager
def _built(program: Program) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "work"
        path.with_suffix(".c").write_text(program.source, encoding="utf-8")
        subprocess.run(shlex.split(program.build.replace("<name>", str(path))), check=True)
        yield path


def _compiled(program: Program) -> None:
    with _built(program):
        pass


def _seconds(work: Callable[[], object], times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - began) / times


def _millis(spread: Spread) -> str:
    return " / ".join(f"{seconds * 1e3:.2f}" for seconds in (spread.least, spread.middle, spread.most))
