"""Tokens that are valid, and the many that are not."""

import time

import jwt
import pytest

from backbone.errors import NotAllowed, NotAuthenticated
from backbone.web.auth import ALGORITHMS, TokenVerifier
from tests.contract.tokens import AUDIENCE, claims, encoded, key, part, signed_with_the_public_key, token, unsigned

SAME_FOR_ALL = "expected a valid token, got none that is"


@pytest.fixture
def verifier():
    return TokenVerifier(key("ES256").public, AUDIENCE)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_of_every_algorithm_says_who_it_is(algorithm):
    expires_at = int(time.time()) + 600
    made = token(key(algorithm), sub="anna", exp=expires_at)
    principal = TokenVerifier(key(algorithm).public, AUDIENCE).verify(made, role="client")
    assert (principal.subject, principal.roles, principal.expires_at) == ("anna", {"client"}, expires_at)


@pytest.mark.parametrize(
    "places",
    [
        {"roles": ["client", "other"]},
        {"roles": None, "realm_access": {"roles": ["client"]}},
        {"roles": None, "resource_access": {AUDIENCE: {"roles": ["client"]}}},
        {"roles": "nonsense", "realm_access": {"roles": [1, None, "client"]}},
    ],
)
def test_the_role_is_found_in_every_place_where_providers_put_it(verifier, places):
    assert "client" in verifier.verify(token(**places), role="client").roles


@pytest.mark.parametrize(
    "places",
    [
        {"roles": None},
        {"roles": []},
        {"roles": ["processor"]},
        {"roles": "client"},
        {"roles": {"client": True}},
        {"roles": None, "realm_access": ["client"]},
        {"roles": None, "resource_access": {"another": {"roles": ["client"]}}},
        {"roles": None, "resource_access": [{"roles": ["client"]}]},
    ],
)
def test_a_good_token_without_the_role_is_known_but_not_allowed(verifier, places):
    with pytest.raises(NotAllowed, match="role 'client'"):
        verifier.verify(token(**places), role="client")


def bad_tokens():
    now = time.time()
    return {
        "expired": token(exp=now - 60),
        "not valid yet": token(nbf=now + 600),
        "issued in the future": token(iat=now + 600),
        "another audience": token(aud="another"),
        "no audience": token(aud=None),
        "no expiry": token(exp=None),
        "no subject": token(sub=None),
        "subject is a number": token(sub=7),
        "expiry is a list": token(exp=[1]),
        "expiry is a text": token(exp="soon"),
        "expiry is endless": token(exp=float("inf")),
        "another key": token(key("ES256", "theirs")),
        "another key's kind": token(key("RS256")),
        "another curve": token(key("ES384")),
        "alg none": unsigned(),
        "alg none without a seal": unsigned().rstrip("."),
        "the public key as a shared secret": signed_with_the_public_key(key("ES256")),
        "a shared secret": jwt.encode(claims(), "k" * 64, algorithm="HS256"),
        "seal cut off": token().rpartition(".")[0] + ".",
        "claims changed": changed_claims(),
        "two parts": "a.b",
        "four parts": "a.b.c.d",
        "not base64": "!.!.!",
        "header is a list": f"{part([])}.{part(claims())}.x",
        "alg is a list": f"{part({'alg': ['ES256']})}.{part(claims())}.x",
        "alg is unknown": f"{part({'alg': 'ES999'})}.{part(claims())}.x",
        "header without alg": f"{part({'typ': 'JWT'})}.{part(claims())}.x",
        "critical extension": f"{part({'alg': 'ES256', 'crit': ['x'], 'x': 1})}.{part(claims())}.x",
        "detached payload": f"{part({'alg': 'ES256', 'b64': False, 'crit': ['b64']})}..x",
        "deep header": f"{encoded(b'[' * 40_000)}.{part(claims())}.x",
        "deep claims": f"{part({'alg': 'ES256'})}.{encoded(b'[' * 40_000)}.x",
        "long number in the header": f"{encoded(b'1' * 40_000)}.{part(claims())}.x",
        "not ascii": "ä.ö.ü",
        "a NUL": "a\0.b.c",
        "empty": "",
        "dots": "..",
    }


def changed_claims():
    head, _, seal = token().split(".")
    return f"{head}.{part(claims(roles=['client', 'processor', 'admin']))}.{seal}"


@pytest.mark.parametrize("fault", bad_tokens())
def test_a_token_that_is_not_valid_is_refused_and_not_told_why(verifier, fault):
    with pytest.raises(NotAuthenticated) as refusal:
        verifier.verify(bad_tokens()[fault], role="client")
    assert refusal.value.message == SAME_FOR_ALL
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("claimed", [*ALGORITHMS, "none", "HS256", "PS256"])
def test_a_forged_header_is_refused_whatever_key_we_hold(algorithm, claimed):
    verifier = TokenVerifier(key(algorithm).public, AUDIENCE)
    forged = f"{part({'alg': claimed})}.{part(claims())}.{encoded(b'x' * 64)}"
    with pytest.raises(NotAuthenticated):
        verifier.verify(forged, role="client")


def test_a_clock_that_differs_by_a_few_seconds_does_no_harm(verifier):
    assert verifier.verify(token(exp=time.time() - 3), role="client").subject == "anna"
