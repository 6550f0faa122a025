"""Tries this machine's sandbox from the inside and says what is out of reach: `python -m job_workers.sandbox.selftest`.

Ends with 0 where everything is held, 1 where something is open, or where there is no sandbox at all.
"""

import argparse
import socket
import sys
import tempfile
import threading
from pathlib import Path

from backbone.errors import Unavailable
from job_workers.domain.sandbox_file import WORK, SandboxFile
from job_workers.domain.sandbox_policy import MIB, Policy
from job_workers.sandbox.files import files_of_tar
from job_workers.sandbox.sandbox import Sandbox

SLOT = 900
_PROBE = Path(__file__).with_name("probe.c")


def probe(sandbox: Sandbox) -> list[str]:
    """Return a line for each thing that was tried: `held ...` or `OPEN ...`.

    Raises:
        Unavailable: the probe could not be built or run.
    """
    source = SandboxFile("probe.c", _PROBE.read_bytes())
    build = ["/usr/bin/cc", "-o", f"{WORK}/probe", f"{WORK}/probe.c"]
    built = sandbox.run(build, policy=Policy(wall_seconds=30.0), files=[source], keep=True)
    if built.kept is None:
        raise Unavailable(f"expected the probe to compile, got: {built.stderr.decode(errors='replace')[:300]}")
    files = files_of_tar(built.kept, most_bytes=MIB)
    with tempfile.NamedTemporaryFile() as file, socket.create_server(("127.0.0.1", 0)) as listener:
        Path(file.name).chmod(0o666)
        came = threading.Event()
        threading.Thread(target=_wait_for_one, args=(listener, came), daemon=True).start()
        port = str(listener.getsockname()[1])
        ran = sandbox.run([f"{WORK}/probe", file.name, port], policy=Policy(wall_seconds=30.0), files=files)
        lines = ran.stdout.decode(errors="replace").splitlines()
        if ran.exit_code != 0 or not lines:
            raise Unavailable(f"expected the probe to run, got: {ran}")
        if came.is_set():
            lines.append("OPEN a listener on the host's loopback (it was reached)")
        return lines


def _wait_for_one(listener: socket.socket, came: threading.Event) -> None:
    try:
        listener.accept()
    except OSError:
        return
    came.set()


def main() -> None:
    """Print what is held and what is not."""
    parser = argparse.ArgumentParser(prog="python -m job_workers.sandbox.selftest", description=(__doc__ or "").strip())
    parser.add_argument("--brief", action="store_true", help="one line: what is open, or that everything is held")
    brief = parser.parse_args().brief
    try:
        lines = probe(Sandbox.prepare(slot=SLOT))
    except Unavailable as fault:
        sys.exit(f"no sandbox: {fault.message}")
    opened = [line for line in lines if not line.startswith("held ")]
    told = opened or [f"bubblewrap holds {len(lines)} of {len(lines)} probes"] if brief else lines
    sys.stdout.write("\n".join(told) + "\n")
    sys.exit(1 if opened else 0)


if __name__ == "__main__":
    main()
