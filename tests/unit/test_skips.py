"""A skip is a failure where it may not be, and nothing else changes."""

import os
import subprocess
import sys

import pytest

from tests.processes import PATIENCE, ROOT

SAMPLE = """
import pytest

@pytest.mark.skipif(True, reason="no engine by mark")
def test_marked(): pass

@pytest.fixture
def missing(): pytest.skip("no root in a fixture")

def test_fixture(missing): pass

def test_inside(): pytest.skip("no browser inside")

def test_fine(): pass
"""


REASONS = ["no engine by mark", "no root in a fixture", "no browser inside"]


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [("1", 1, ["1 failed, 1 passed, 2 errors", *REASONS]), ("", 0, ["1 passed, 3 skipped"])],
)
def test_skips_fail_only_where_that_is_asked_for(tmp_path, asked, code, told):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.skips", "-p", "no:cacheprovider", str(tmp_path)]
    environment = os.environ | {"SKIPS_FAIL": asked, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=PATIENCE, check=False
    )
    assert done.returncode == code, done.stdout
    assert [part for part in told if part not in done.stdout] == [], done.stdout
