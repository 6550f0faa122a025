"""What goes to a server, as legacy cloudlets send it."""

import pytest

from backbone.errors import Unavailable
from cloudlet.server_link import ServerLink, own_address
from tests.fakes.legacy_server import legacy_server
from tests.zips import zip_of


@pytest.fixture
async def link():
    made = ServerLink(token=None)
    yield made
    await made.stop()


async def test_fields_and_the_zip_arrive_as_parts(link):
    packed = zip_of([("0.jpg", b"photo")])
    with legacy_server() as server:
        url = f"http://{server.place}/"
        assert await link.post(url, "heartbeat", {"cloudIP": "c"}) == 200
        assert await link.post(url, "match", {}, file=("anna.zip", packed)) == 200
        server.answers["getJobs"] = 404
        assert await link.post(url, "getJobs", {}) == 404
    assert server.said[0] == ("heartbeat", {"cloudIP": "c"})
    assert server.matches == [("anna", {"0.jpg": b"photo"})]


async def test_a_server_that_does_not_answer_is_away(link):
    with legacy_server() as server:
        place = server.place
    with pytest.raises(Unavailable):
        await link.post(f"http://{place}", "heartbeat", {})


def test_this_machine_has_the_address_that_the_server_sees():
    assert own_address("http://127.0.0.1:9") == "127.0.0.1"
