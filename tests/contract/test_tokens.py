"""Tokens on sockets, and the sessions of pages."""

import time

import pytest
import requests
from tornado.httpclient import HTTPClientError

from backbone.web import socket_handler
from tests.contract.conftest import within
from tests.contract.raw_socket import connect
from tests.contract.tokens import key, signed_with_the_public_key, token, unsigned
from tests.peers import client, peer, processor
from tests.processes import ANSWER_SECONDS

DOORS = ["/client", "/processor"]
ROLE_OF = {"/client": "client", "/processor": "processor"}
BAD_TOKENS = {
    "nonsense": lambda role: "nonsense",
    "expired": lambda role: token(roles=[role], exp=time.time() - 60),
    "another audience": lambda role: token(roles=[role], aud="another"),
    "another key": lambda role: token(key("ES256", "theirs"), roles=[role]),
    "alg none": lambda role: unsigned(roles=[role]),
    "the public key as a secret": lambda role: signed_with_the_public_key(key("ES256"), roles=[role]),
}


def bearer(value):
    return {"Authorization": f"Bearer {value}"}


async def greets(house, door, **kwargs):
    """Check that a socket opens and is served."""
    async with peer(house.url, door, **kwargs) as opened:
        await opened.say(type="stop" if door == "/client" else "featureMap", objectId=2**53, featureMap=[])
        assert (await opened.hear("error"))["code"] == "unknown_object"


# Tokens.


@pytest.mark.parametrize("door", DOORS)
async def test_a_good_token_is_taken_from_message_header_and_cookie(closed_house, door):
    good = token(roles=[ROLE_OF[door]])
    await greets(closed_house, door, headers=bearer(good))
    await greets(closed_house, door, headers={"Cookie": f"searchlight_session={good}"})
    async with peer(closed_house.url, door) as opened:
        await opened.say(type="authenticate", jwt=good)
        await opened.say(type="stop" if door == "/client" else "featureMap", objectId=2**53, featureMap=[])
        assert (await opened.hear("error"))["code"] == "unknown_object"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "said",
    [
        {"type": "stop", "objectId": 1},
        {"type": "setUsesImages", "usesImages": True},
        {"type": "start", "image": ""},
        {"type": "subscribe", "sightings": True},
        {"type": "identifier", "id": "door"},
        {"type": "boundingBoxes", "frameId": 1.0, "boxes": []},
        {"type": "featureMap", "objectId": 1, "featureMap": []},
        {"type": "error", "code": "x", "message": "x", "objectId": 1},
    ],
)
async def test_before_its_token_a_peer_is_served_nothing(closed_house, door, said):
    async with peer(closed_house.url, door) as hostile:
        await hostile.say(**said)
        answer = await hostile.hear()
        if answer["code"] == "unknown_type":
            return
        assert (answer["code"], answer["replyTo"]) == ("not_authenticated", said["type"])
        assert await hostile.hear() is None
        assert hostile.connection.close_code == 4401


async def test_before_its_token_a_processor_may_send_no_picture(closed_house):
    async with peer(closed_house.url, "/processor") as hostile:
        await hostile.say_raw(b"SLF1", binary=True)
        assert (await hostile.hear())["code"] == "not_authenticated"
        assert await hostile.hear() is None


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", BAD_TOKENS)
async def test_a_token_that_is_not_valid_is_refused_wherever_it_comes(closed_house, door, fault):
    bad = BAD_TOKENS[fault](ROLE_OF[door])
    for headers in (bearer(bad), {"Cookie": f"searchlight_session={bad}"}):
        with pytest.raises(HTTPClientError) as refusal:
            async with peer(closed_house.url, door, headers=headers):
                pass
        assert refusal.value.code == 401
    async with peer(closed_house.url, door) as hostile:
        await hostile.say(type="authenticate", jwt=bad)
        answer = await hostile.hear()
        assert (answer["code"], answer["replyTo"]) == ("not_authenticated", "authenticate")
        assert answer["message"] == "expected a valid token, got none that is"
        assert await hostile.hear() is None
        assert hostile.connection.close_code == 4401


@pytest.mark.parametrize(("door", "other"), [("/client", "processor"), ("/processor", "client")])
async def test_a_token_of_the_other_role_is_not_allowed(closed_house, door, other):
    wrong = token(roles=[other])
    with pytest.raises(HTTPClientError) as refusal:
        async with peer(closed_house.url, door, headers=bearer(wrong)):
            pass
    assert refusal.value.code == 403
    async with peer(closed_house.url, door) as hostile:
        await hostile.say(type="authenticate", jwt=wrong)
        assert (await hostile.hear())["code"] == "not_allowed"
        await hostile.say(type="stop" if door == "/client" else "identifier", objectId=1, id="door")
        assert (await hostile.hear())["code"] == "not_authenticated"


async def test_a_client_without_a_token_hears_nothing_of_what_others_say(closed_house):
    processors, clients = bearer(token(roles=["processor"])), bearer(token())
    async with (
        peer(closed_house.url, "/client") as stranger,
        client(closed_house.url, headers=clients) as known,
        processor(closed_house.url, "private", headers=processors) as camera,
    ):
        await camera.say(type="boundingBoxes", frameId=1.0, boxes=[])
        await known.hear("boundingBoxes")
        await stranger.say(type="stop", objectId=1)
        assert (await stranger.hear())["code"] == "not_authenticated"


@pytest.fixture
def keyed(monkeypatch):
    monkeypatch.setenv("PUBLIC_KEY", key("ES256").public)


@pytest.mark.parametrize("door", DOORS)
async def test_a_peer_that_never_shows_a_token_is_closed(keyed, monkeypatch, door):
    monkeypatch.setattr(socket_handler, "AUTHENTICATION_SECONDS", 0.1)
    async with within() as house, peer(house.url, door) as silent:
        assert await silent.hear() is None
        assert silent.connection.close_code == 4401


@pytest.mark.parametrize("door", DOORS)
async def test_a_socket_lives_as_long_as_its_token(keyed, door):
    short = token(roles=[ROLE_OF[door]], exp=time.time() + 0.3)
    async with within() as house, peer(house.url, door, headers=bearer(short)) as opened:
        assert await opened.hear() is None
        assert opened.connection.close_code == 4401


async def test_a_newer_token_lets_a_socket_live_longer(keyed):
    short, long = token(exp=time.time() + 0.5), token()
    async with (
        within() as house,
        peer(house.url, "/client", headers=bearer(short)) as renewed,
        peer(house.url, "/client", headers=bearer(short)) as ended,
    ):
        await renewed.say(type="authenticate", jwt=long)
        assert await ended.hear() is None
        await renewed.say(type="stop", objectId=9)
        assert (await renewed.hear())["code"] == "unknown_object"


async def test_after_its_end_a_peer_is_not_heard_any_more(keyed):
    async with within() as house:
        raw = await connect(house.url, "/client", headers=f"Authorization: Bearer {token(exp=time.time() + 0.3)}\r\n")
        assert await raw.close_code() == 4401
        await raw.send(b'{"type":"stop","objectId":9}')
        async with client(house.url, headers=bearer(token())) as later:
            await later.say(type="stop", objectId=9)
            await later.hear("error")
        assert house.refused(where="client", code="unknown_object") == 1
        raw.close()


# Sessions of pages.


def test_a_session_keeps_a_good_token_where_scripts_cannot_read_it(closed_house):
    page = requests.Session()
    assert page.get(f"{closed_house.url}/api/session", timeout=ANSWER_SECONDS).json() == {
        "authRequired": True,
        "authenticated": False,
    }
    answer = page.post(f"{closed_house.url}/api/session", json={"jwt": token()}, timeout=ANSWER_SECONDS)
    assert answer.json() == {"authRequired": True, "authenticated": True}
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in answer.headers["Set-Cookie"].split(";")}
    assert page.get(f"{closed_house.url}/api/cameras", timeout=ANSWER_SECONDS).status_code == 200
    page.delete(f"{closed_house.url}/api/session", timeout=ANSWER_SECONDS)
    assert page.get(f"{closed_house.url}/api/cameras", timeout=ANSWER_SECONDS).status_code == 401


@pytest.mark.parametrize("fault", BAD_TOKENS)
def test_a_session_takes_no_bad_token(closed_house, fault):
    answer = requests.post(
        f"{closed_house.url}/api/session", json={"jwt": BAD_TOKENS[fault]("client")}, timeout=ANSWER_SECONDS
    )
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"jwt":1}', b"[" * 16_000, b'{"jwt":"' + b"x" * 20_000 + b'"}']
)
def test_a_session_takes_no_bad_body(closed_house, body):
    answer = requests.post(f"{closed_house.url}/api/session", data=body, timeout=ANSWER_SECONDS)
    assert answer.status_code in {400, 401, 413}
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_processors_token_makes_no_client_of_a_page(closed_house):
    answer = requests.get(
        f"{closed_house.url}/api/session", headers=bearer(token(roles=["processor"])), timeout=ANSWER_SECONDS
    )
    assert answer.json() == {"authRequired": True, "authenticated": False}
