"""What a cloudlet can be told."""

from pathlib import Path

import pytest

from backbone.face_models.names import DLIB
from cloudlet.settings import Settings


def test_servers_are_named_as_people_write_them_and_each_once():
    assert Settings(server1="a", server2="https://b:444").servers() == ("http://a", "https://b:444")
    assert Settings(server1="a:81", server2="a:81").servers() == ("http://a:81",)


@pytest.mark.parametrize("server", ["http://", "ftp://a", "a/path", "a:0", "a:99999", ""])
def test_what_is_no_server_is_refused(server):
    with pytest.raises(ValueError, match="expected"):
        Settings(server1=server)


def test_each_cloudlet_of_a_machine_has_a_spool_of_its_own():
    assert Settings(server1="a").spool_file(8101) == Path("var/cloudlet-8101.sqlite3")
    assert Settings(server1="a", spool=Path("/data/spool")).spool_file(8101) == Path("/data/spool")


def test_the_usual_distance_is_that_of_the_workers_model_unless_one_is_stated():
    assert Settings(server1="a").usual_tolerance() == 1.128
    assert Settings(server1="a", model_id=DLIB).usual_tolerance() == 0.6
    assert Settings(server1="a", model_id="m").usual_tolerance() == 0.6
    assert Settings(server1="a", tolerance=0.9).usual_tolerance() == 0.9
