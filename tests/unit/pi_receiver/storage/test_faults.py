"""Points at which a receiver in test mode ends itself."""

import pytest

from pi_receiver.storage.faults import parse_faults


def test_faults_are_points_with_probabilities():
    assert parse_faults("before_fsync:0.5, after_rename") == {"before_fsync": 0.5, "after_rename": 1.0}
    for wrong in ("nowhere:1", "before_fsync:2", "before_fsync:x"):
        with pytest.raises(ValueError, match=r"expected|could not"):
            parse_faults(wrong)
