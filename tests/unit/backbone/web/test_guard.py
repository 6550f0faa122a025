"""Who may come in through the door."""

import pytest

from backbone.errors import NotAllowed, NotAuthenticated
from backbone.web.auth import TokenVerifier
from backbone.web.guard import Access, Guard, token_of
from tests.contract.tokens import AUDIENCE, key, token

ROLES = {Access.CLIENT: "client", Access.PROCESSOR: "processor"}


@pytest.fixture
def closed():
    return Guard(
        verifier=TokenVerifier(key("ES256").public, AUDIENCE),
        roles=ROLES,
        allowed_origins=frozenset({"https://console.example"}),
    )


def test_with_authentication_off_nobody_has_to_say_who_they_are():
    assert Guard().authenticate(None, Access.CLIENT) is None
    assert Guard().authenticate("anything", Access.PROCESSOR) is None


def test_with_authentication_on_a_token_with_the_role_is_needed(closed):
    assert closed.authenticate(token(), Access.CLIENT).subject == "anna"
    assert closed.authenticate(None, Access.OPEN) is None
    with pytest.raises(NotAllowed):
        closed.authenticate(token(), Access.PROCESSOR)


@pytest.mark.parametrize("nothing", [None, "", "nonsense"])
def test_no_token_and_a_wrong_one_get_the_same_answer(closed, nothing):
    with pytest.raises(NotAuthenticated, match=r"^expected a valid token, got none that is$"):
        closed.authenticate(nothing, Access.CLIENT)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1"])
def test_this_machines_own_names_are_let_in(host):
    Guard().check_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "",
        ":80",
        "[::1",
        "[",
        "0.0.0.0",
    ],
)
def test_a_foreign_host_is_refused_while_authentication_is_off(host):
    with pytest.raises(NotAllowed, match="another Host"):
        Guard().check_host(host)


def test_any_host_is_let_in_when_tokens_are_asked_for(closed):
    closed.check_host("searchlight.example")
    closed.check_host("[")


@pytest.mark.parametrize("origin", [None, "http://localhost:8000", "HTTP://LocalHost:8000", "https://console.example"])
def test_no_origin_the_same_and_the_listed_ones_are_let_in(closed, origin):
    assert closed.allows_origin(origin, "localhost:8000")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:8001",
        "http://localhost",
        "null",
        "",
        "http://",
        "http://[",
        "http://[::1",
        "https://console.example.evil.example",
        "http://console.example",
        "https://CONSOLE.example/",
        "//",
    ],
)
@pytest.mark.parametrize("host", ["localhost:8000", ""])
def test_a_foreign_origin_is_refused(closed, origin, host):
    assert not closed.allows_origin(origin, host)


@pytest.mark.parametrize(
    ("authorization", "cookie", "found"),
    [
        ("Bearer abc", None, "abc"),
        ("bearer  abc ", None, "abc"),
        ("Bearer abc", "from the cookie", "abc"),
        ("Basic abc", "from the cookie", None),
        ("Bearer", None, ""),
        (None, "from the cookie", "from the cookie"),
        (None, None, None),
    ],
)
def test_a_token_is_read_from_the_header_then_from_the_cookie(authorization, cookie, found):
    assert token_of(authorization, cookie) == found
