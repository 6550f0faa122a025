"""Compiles the first process of a sandbox with the machine's own compiler (adapter of cc). Runs nothing foreign."""

import subprocess
import tempfile
from pathlib import Path

from backbone.errors import Unavailable

COMPILER = "/usr/bin/cc"
SECONDS = 60
_SOURCE = Path(__file__).with_name("runner.c")


def compiled_runner() -> bytes:
    """Return the program.

    Raises:
        Unavailable: there is no compiler, or it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "runner"
        words = [COMPILER, "-O2", "-Wall", "-Werror", "-o", str(program), str(_SOURCE)]
        try:
            subprocess.run(words, check=True, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
            return program.read_bytes()
        except subprocess.CalledProcessError as fault:
            said = fault.stderr.decode(errors="replace").strip()[:300]
            raise Unavailable(f"expected {COMPILER} to compile, it said: {said}", code="no_sandbox") from None
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise Unavailable(f"expected a C compiler at {COMPILER}, got: {fault}", code="no_sandbox") from None
