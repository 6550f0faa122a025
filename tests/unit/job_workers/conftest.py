"""A sandbox of this machine, made once."""

import pytest

from job_workers.sandbox.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox():
    return Sandbox.prepare(slot=40)
