"""The identity score on the sample footage, by the command that people run."""

import re
import subprocess
import sys

from drill.footage import Footage
from tests.e2e.conftest import DATA_DIR


def test_identity_is_right_and_no_stranger_is_taken_for_the_sought_person(footage: Footage) -> None:
    command = [sys.executable, "-m", "drill.score", "--data-dir", str(DATA_DIR), "--every", "1"]
    scored = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert scored.returncode == 0, scored.stdout + scored.stderr
    overall = next(line for line in scored.stdout.splitlines() if "overall" in line)
    right = re.search(r"right\s+([\d.]+)%\s+strangers (\d+)\s.*?sought IDF1 ([\d.]+)", overall)
    assert right is not None, overall
    assert float(right[1]) >= 97.0
    assert int(right[2]) == 0
    assert float(right[3]) >= 0.95
