"""Skips that count as failures: where everything a test needs has to be there, a skip would hide that it is missing.

`SKIPS_FAIL=1` asks for it, as `.ci/run` does; elsewhere a laptop without root or an engine may skip what needs them.
"""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that tells the skip's reason."""
    report = yield
    if report.skipped and os.environ.get("SKIPS_FAIL") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped where SKIPS_FAIL=1 lets nothing be skipped: {reason}"
    return report
