"""What `python -m edge_devices.snap` understands."""

import pytest

from edge_devices.snap.options import read_options


@pytest.mark.parametrize("more", [["--to", "a b"], ["--deadline", "0"], ["--deadline", "121"]])
def test_a_request_that_is_not_understood_ends_with_2(more):
    with pytest.raises(SystemExit) as end:
        read_options(["host", *more], {})
    assert end.value.code == 2
