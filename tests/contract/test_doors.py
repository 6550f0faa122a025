"""Who is let in: origins, hosts, capacity, and who speaks for a camera; tokens have their own file."""

import asyncio

import pytest
import requests
from tornado.httpclient import HTTPClientError

from tests.contract.conftest import LISTED, within
from tests.contract.raw_socket import connect
from tests.contract.tokens import token
from tests.peers import client, peer, processor
from tests.processes import ANSWER_SECONDS

DOORS = ["/client", "/processor"]
ROLE_OF = {"/client": "client", "/processor": "processor"}
ORIGINS = ["http://evil.example", "null", "http://127.0.0.1:1", "http://[", LISTED + ".evil.example"]


def bearer(value):
    return {"Authorization": f"Bearer {value}"}


async def greets(house, door, **kwargs):
    """Check that a socket opens and is served."""
    async with peer(house.url, door, **kwargs) as opened:
        await opened.say(type="stop" if door == "/client" else "featureMap", objectId=2**53, featureMap=[])
        assert (await opened.hear("error"))["code"] == "unknown_object"


# Pages of other origins, and foreign hosts.


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_of_another_origin_is_refused_and_counted(house, door, origin):
    before = house.metric("searchlight_refused_total", where="http", code="not_allowed")
    with pytest.raises(HTTPClientError) as refusal:
        async with peer(house.url, door, headers={"Origin": origin}):
            pass
    assert refusal.value.code == 403
    assert refusal.value.response.headers["Content-Type"] == "application/problem+json"
    assert house.metric("searchlight_refused_total", where="http", code="not_allowed") == before + 1


@pytest.mark.parametrize("door", DOORS)
async def test_pages_of_this_origin_and_the_listed_ones_are_let_in(house, door):
    for headers in ({}, {"Origin": house.url}, {"Origin": LISTED}):
        await greets(house, door, headers=headers)


@pytest.mark.parametrize("door", DOORS)
async def test_a_cookie_helps_no_foreign_page(closed_house, door):
    cookie = f"searchlight_session={token(roles=[ROLE_OF[door]])}"
    with pytest.raises(HTTPClientError) as refusal:
        async with peer(closed_house.url, door, headers={"Origin": "http://evil.example", "Cookie": cookie}):
            pass
    assert refusal.value.code == 403


@pytest.mark.parametrize("path", ["/", "/client", "/processor", "/api/objects", "/healthz", "/api/session", "/no-such"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.nip.io", "[::1", "@127.0.0.1:x"])
def test_a_foreign_host_is_refused_while_authentication_is_off(house, path, host):
    answer = requests.get(house.url + path, headers={"Host": host}, timeout=ANSWER_SECONDS)
    assert answer.status_code in {400, 403, 404}
    assert answer.status_code != 404 or path == "/no-such"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_foreign_page_changes_no_session(house, closed_house, method):
    for running in (house, closed_house):
        answer = requests.request(
            method,
            f"{running.url}/api/session",
            json={"jwt": token()},
            headers={"Origin": "http://evil.example"},
            timeout=ANSWER_SECONDS,
        )
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("door", DOORS)
def test_a_plain_request_to_a_socket_is_told_what_it_should_be(house, door):
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = requests.request(method, house.url + door, timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (400, "no_websocket")


# Who speaks for a camera.


def speaking(subject):
    return bearer(token(sub=subject, roles=["processor"]))


async def camera_is_spoken_for_by(house, camera_id, speaker, operator):
    await speaker.say(type="boundingBoxes", frameId=1.0, boxes=[])
    while (await operator.hear("boundingBoxes"))["cameraId"] != camera_id:
        pass


async def test_of_two_processors_of_one_subject_the_newest_wins(closed_house):
    async with (
        client(closed_house.url, headers=bearer(token())) as operator,
        processor(closed_house.url, "twins", headers=speaking("anna")) as older,
    ):
        await camera_is_spoken_for_by(closed_house, "twins", older, operator)
        async with processor(closed_house.url, "twins", headers=speaking("anna")) as newer:
            assert await older.hear() is None
            assert older.connection.close_code == 4409
            await camera_is_spoken_for_by(closed_house, "twins", newer, operator)


async def test_another_subject_is_refused_and_the_first_goes_on(closed_house):
    async with (
        client(closed_house.url, headers=bearer(token())) as operator,
        processor(closed_house.url, "held", headers=speaking("anna")) as holder,
    ):
        await camera_is_spoken_for_by(closed_house, "held", holder, operator)
        async with processor(closed_house.url, "held", headers=speaking("boris")) as thief:
            answer = await thief.hear("error")
            assert (answer["code"], answer["replyTo"]) == ("conflict", "identifier")
            await thief.say(type="boundingBoxes", frameId=1.0, boxes=[])
            assert (await thief.hear("error"))["code"] == "not_identified"
        await camera_is_spoken_for_by(closed_house, "held", holder, operator)


async def test_without_authentication_the_newest_wins_and_a_stale_close_removes_nobody(house):
    async with client(house.url) as operator, processor(house.url, "open twins") as older:
        await camera_is_spoken_for_by(house, "open twins", older, operator)
        async with processor(house.url, "open twins") as newer:
            assert await older.hear() is None
            older.close()
            await camera_is_spoken_for_by(house, "open twins", newer, operator)
            views = requests.get(f"{house.url}/api/cameras", timeout=ANSWER_SECONDS).json()["data"]
            assert {view["cameraId"]: view["state"] for view in views}["open twins"] == "online"


# Capacity and silence.


async def test_one_connection_too_many_is_refused_and_a_place_that_is_left_is_free_again():
    async with within(max_clients=2, max_processors=1) as house:
        async with client(house.url), client(house.url), processor(house.url, "door"):
            for door in DOORS:
                with pytest.raises(HTTPClientError) as refusal:
                    async with peer(house.url, door):
                        pass
                assert refusal.value.code == 503
        counts = [route.collaborators["count"] for route in house.orchestrator.routes() if route.pattern in DOORS]
        assert [count._limit for count in counts] == [1, 2]
        async with asyncio.timeout(40):
            while True:
                try:
                    await greets(house, "/client")
                    break
                except HTTPClientError:
                    await asyncio.sleep(0.01)


async def test_a_peer_that_never_answers_a_ping_is_let_go():
    async with within(ping_seconds=0.1) as house:
        silent = await connect(house.url, "/client")
        assert await silent.close_code() is not None
        silent.close()
