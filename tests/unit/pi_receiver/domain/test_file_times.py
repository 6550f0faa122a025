"""When a file was last written to at its sender: a hint that is taken only where it can be true."""

import pytest

from pi_receiver.domain.file_times import read_modified

NOW = 1_800_000_000.0


@pytest.mark.parametrize("text", ["1700000000", "1700000000.25", "946684800", "1800000060"])
def test_a_time_that_can_be_true_is_taken(text):
    assert read_modified({"File-Modified": text}, NOW) == float(text)


@pytest.mark.parametrize("text", ["", "4.5", "1800000061", "-1", "nan", "1e9", "inf", "9" * 400, "today", "\u0661"])
def test_anything_else_counts_as_not_told(text):
    assert read_modified({"File-Modified": text}, NOW) is None
    assert read_modified({}, NOW) is None
