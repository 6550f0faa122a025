"""`doctor` tells whether foreign code could be run, and how to mend it; nothing else needs it."""

from pathlib import Path

import pytest

from searchlight import doctor, sandbox_check


def test_doctor_tells_that_the_sandbox_holds(tmp_path: Path) -> None:
    (found,) = [finding for finding in doctor.findings(tmp_path, "sface") if finding.name == "sandbox"]
    assert (found.mend, found.needed) == ("", False)
    assert "bubblewrap holds" in found.detail


def test_doctor_tells_why_there_is_none_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "sandbox_state", lambda: (False, "no sandbox: expected bubblewrap, found none"))
    (found,) = [finding for finding in doctor.findings(tmp_path, "sface") if finding.name == "sandbox"]
    assert "expected bubblewrap" in found.detail
    assert "apt-get install bubblewrap" in found.mend


def test_a_self_test_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_check.sys, "executable", "/usr/bin/missing")
    holds, told = sandbox_check.sandbox_state()
    assert not holds
    assert "missing" in told
