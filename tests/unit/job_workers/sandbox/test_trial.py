"""What is known of the sandbox before it was tried, where it holds, and where there is none."""

import pytest

from backbone.errors import Unavailable
from job_workers.sandbox.sandbox import Sandbox
from job_workers.sandbox.trial import SandboxTrial


@pytest.mark.parametrize("fault", [None, "expected bubblewrap, found none"])
async def test_a_trial_tells_how_it_ended(monkeypatch, fault):
    slots = []

    def prepare(*, slot: int) -> None:
        slots.append(slot)
        if fault is not None:
            raise Unavailable(fault)

    monkeypatch.setattr(Sandbox, "prepare", prepare)
    trial = SandboxTrial(slot=4)
    assert (trial.state().ok, trial.state().detail) == (False, "not tried yet")
    await trial.run()
    assert slots == [4]
    assert (trial.state().ok, trial.state().detail) == (fault is None, fault or "holds")
