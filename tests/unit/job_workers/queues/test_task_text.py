"""The text of a job becomes a task, or is refused."""

import msgspec
import pytest

from backbone.errors import BadInput
from backbone.wire.jobs import MatchTask
from backbone.wire.offload import OffloadTask
from job_workers.queues.task_text import decoded


@pytest.mark.parametrize(
    "task", [OffloadTask("t", "replies", "pi", program="p", args=("1",)), MatchTask("m", "replies", "t", (), "g")]
)
def test_a_task_comes_out_as_it_went_in(task):
    assert decoded(msgspec.json.encode(task).decode()) == task


@pytest.mark.parametrize("text", ["", "{}", '{"type":"encode"}', '{"type":"shell","command":"ls"}'])
def test_what_is_no_task_is_refused(text):
    with pytest.raises(BadInput, match="expected a task"):
        decoded(text)
