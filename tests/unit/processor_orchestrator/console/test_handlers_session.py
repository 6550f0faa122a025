"""`/api/session`: a page signs in and out, and its token stays where no script reads it."""

import json
import time
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from backbone.web.auth import TokenVerifier
from backbone.web.guard import SESSION_COOKIE, Access, Guard
from backbone.web.http import HttpServer, Metrics, application
from processor_orchestrator.console import handlers_session
from tests.contract.tokens import AUDIENCE, key, token

OPEN = Guard()
GUARDED = Guard(verifier=TokenVerifier(key("ES256").public, AUDIENCE), roles={Access.CLIENT: "client"})


@asynccontextmanager
async def door_of(guard: Guard):
    door = HttpServer(
        application(handlers_session.routes(), guard=guard, metrics=Metrics(CollectorRegistry())),
        address=("127.0.0.1", 0),
    )
    await door.start()

    async def ask(method: str, body: str | None = None, *, cookie: str | None = None) -> HTTPResponse:
        url, headers = f"http://127.0.0.1:{door.port}/api/session", {} if cookie is None else {"Cookie": cookie}
        return await AsyncHTTPClient().fetch(url, method=method, body=body, headers=headers, raise_error=False)

    try:
        yield ask
    finally:
        await door.stop()


def told(answer: HTTPResponse) -> dict:
    return json.loads(answer.body)


def kept(answer: HTTPResponse) -> str:
    return answer.headers["Set-Cookie"]


async def test_where_no_token_is_asked_for_everybody_is_signed_in():
    async with door_of(OPEN) as ask:
        assert told(await ask("GET")) == {"authRequired": False, "authenticated": True}
        answer = await ask("POST", '{"jwt": "whatever"}')
    assert (told(answer), "Set-Cookie" in answer.headers) == ({"authRequired": False, "authenticated": True}, False)


async def test_a_good_token_is_kept_from_scripts_and_other_sites_and_opens_the_next_request():
    async with door_of(GUARDED) as ask:
        assert told(await ask("GET")) == {"authRequired": True, "authenticated": False}
        answer = await ask("POST", json.dumps({"jwt": token()}))
        assert (answer.code, told(answer)) == (200, {"authRequired": True, "authenticated": True})
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(kept(answer).split("; "))
        assert "Secure" not in kept(answer), "this door speaks plain HTTP"
        known = await ask("GET", cookie=kept(answer).partition(";")[0])
    assert told(known) == {"authRequired": True, "authenticated": True}


async def test_the_browser_forgets_a_token_when_it_expires():
    async with door_of(GUARDED) as ask:
        answer = await ask("POST", json.dumps({"jwt": token(exp=time.time() + 90)}))
    (age,) = (part for part in kept(answer).split("; ") if part.startswith("Max-Age="))
    assert 60 < int(age.removeprefix("Max-Age=")) <= 90


@pytest.mark.parametrize(
    ("claims", "code"),
    [({"exp": 1}, 401), ({"aud": "elsewhere"}, 401), ({"made_by": key("ES256", "theirs")}, 401), ({"roles": []}, 403)],
)
async def test_a_token_that_does_not_open_is_not_kept(claims, code):
    async with door_of(GUARDED) as ask:
        answer = await ask("POST", json.dumps({"jwt": token(**claims)}))
        known = await ask("GET", cookie=f"{SESSION_COOKIE}={token(**claims)}")
    assert (answer.code, "Set-Cookie" in answer.headers) == (code, False)
    assert told(known)["authenticated"] is False


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"jwt": 7}', '{"jwt": null}', "no json"])
async def test_what_holds_no_token_is_refused(body):
    async with door_of(GUARDED) as ask:
        answer = await ask("POST", body)
    assert (answer.code, "Set-Cookie" in answer.headers) == (400, False)


async def test_signing_out_forgets_the_token():
    async with door_of(GUARDED) as ask:
        answer = await ask("DELETE")
    assert told(answer) == {"authRequired": True, "authenticated": False}
    assert kept(answer).startswith(f'{SESSION_COOKIE}="";')
