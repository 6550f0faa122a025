"""Asks the job workers' own self-test whether this machine can run foreign code safely. Tests nothing itself."""

import subprocess
import sys

SECONDS = 60


def sandbox_state() -> tuple[bool, str]:
    """Return whether there is a sandbox that holds, and what the self-test says."""
    command = [sys.executable, "-m", "job_workers.sandbox.selftest", "--brief"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        return False, str(fault)
    said = (ran.stdout or ran.stderr).strip().splitlines()
    return ran.returncode == 0, said[-1] if said else f"the self-test ended with {ran.returncode}"
