"""R11: every route x every kind of token. The table is held against the routes, so that a new route fails first."""

import time

import pytest
import requests
from tornado.httpclient import HTTPClientError

from backbone.web.guard import Access
from backbone.web.socket_handler import BaseSocket
from processor_orchestrator.app import Orchestrator
from processor_orchestrator.fleet.handlers_api import NAME_IN_PATH, NODE_IN_PATH
from processor_orchestrator.registry.handlers import WHO_MAY
from processor_orchestrator.settings import Settings
from processor_orchestrator.snap.handlers_snippets import ID_IN_PATH
from tests.contract.tokens import key, token, unsigned
from tests.peers import peer
from tests.processes import ANSWER_SECONDS

SAMPLES = {
    "/processor": (Access.PROCESSOR, "/processor"),
    "/client": (Access.CLIENT, "/client"),
    "/timelines": (Access.CLIENT, "/timelines?objectId=1"),
    "/objectIds": (Access.CLIENT, "/objectIds"),
    "/stream": (Access.CLIENT, "/stream?camera=none"),
    "/stream/([^/]+)": (Access.CLIENT, "/stream/none"),
    "/video_feed": (Access.CLIENT, "/video_feed?camera=none"),
    "/api/cameras": (Access.CLIENT, "/api/cameras"),
    "/api/objects": (Access.CLIENT, "/api/objects"),
    "/api/objects/([0-9]{1,15})/image": (Access.CLIENT, "/api/objects/1/image"),
    "/api/sightings": (Access.CLIENT, "/api/sightings"),
    "/api/sightings/([0-9a-f-]{1,64})/crop.jpg": (Access.CLIENT, "/api/sightings/1-a-b/crop.jpg"),
    "/api/sightings/([0-9a-f-]{1,64})/reject": (Access.CLIENT, "/api/sightings/1-a-b/reject"),
    "/api/cases": (Access.CLIENT, "/api/cases"),
    "/api/cases/([0-9]{1,15})": (Access.CLIENT, "/api/cases/1"),
    "/api/footage": (Access.CLIENT, "/api/footage"),
    "/api/jobs": (Access.CLIENT, "/api/jobs"),
    "/api/cloudlets": (Access.CLIENT, "/api/cloudlets"),
    "/fleet": (Access.FLEET, "/fleet"),
    "/api/fleet": (Access.CLIENT, "/api/fleet"),
    f"/api/fleet/({NODE_IN_PATH})/containers": (Access.CLIENT, "/api/fleet/none/containers"),
    f"/api/fleet/({NODE_IN_PATH})/containers/({NAME_IN_PATH})": (Access.CLIENT, "/api/fleet/none/containers/none"),
    "/snap": (Access.SNAP, "/snap"),
    f"/snippets/({ID_IN_PATH})/?": (Access.CLIENT, "/snippets/none/"),
    "/api/snap": (Access.CLIENT, "/api/snap"),
    "/api/snap/devices": (Access.CLIENT, "/api/snap/devices"),
    "/api/snippets": (Access.CLIENT, "/api/snippets"),
    "/api/session": (Access.OPEN, "/api/session"),
    "/healthz": (Access.OPEN, "/healthz"),
    "/readyz": (Access.OPEN, "/readyz"),
    "/metrics": (Access.CLIENT, "/metrics"),
    "/static/(.*)": (Access.OPEN, "/static/main.js"),
    "/()": (Access.OPEN, "/"),
}
# A method of a route that is for others than its other methods.
METHODS_OF_OTHERS = {(f"/snippets/({ID_IN_PATH})/?", "PUT"): Access.SNAP}
# A socket that operators use as well as its own peers.
ALSO = {"/snap": {"client"}}
# What each socket is asked, and the refusal by which a peer that was let in is known.
ASKED = {
    "/processor": ({"type": "featureMap", "objectId": 2**53, "featureMap": []}, "unknown_object"),
    "/client": ({"type": "stop", "objectId": 2**53}, "unknown_object"),
    "/fleet": ({"type": "nonsense"}, "unknown_type"),
    "/snap": ({"type": "snap", "to": "attic"}, "unknown_device"),
}
STRANGE = {
    "/processor": {"type": "identifier", "id": "stranger"},
    "/client": {"type": "setUsesImages", "usesImages": True},
    "/fleet": {"type": "error", "code": "x", "message": "x"},
    "/snap": {"type": "hello", "deviceId": "stranger"},
}
ALL_ROLES = ["client", "processor", "fleet", "cloudlet", "phone", "snap", "orchestrator"]
TOKENS = {
    "none": lambda: None,
    "client": token,
    "processor": lambda: token(roles=["processor"]),
    "fleet": lambda: token(roles=["fleet"]),
    "cloudlet": lambda: token(roles=["cloudlet"]),
    "phone": lambda: token(roles=["phone"]),
    "snap": lambda: token(roles=["snap"]),
    "orchestrator": lambda: token(roles=["orchestrator"]),
    "no role": lambda: token(roles=[]),
    "expired": lambda: token(roles=ALL_ROLES, exp=time.time() - 60),
    "another audience": lambda: token(roles=ALL_ROLES, aud="another"),
    "another key": lambda: token(key("ES256", "theirs"), roles=ALL_ROLES),
    "alg none": lambda: unsigned(roles=ALL_ROLES),
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ROUTES = {route.pattern: route for route in Orchestrator(Settings()).routes()}
SOCKETS = [pattern for pattern, route in ROUTES.items() if issubclass(route.handler, BaseSocket)]


def test_the_table_holds_every_route_and_no_other():
    assert set(SAMPLES) == set(ROUTES)


def test_every_socket_has_its_questions():
    assert set(ASKED) == set(STRANGE) == set(SOCKETS)


def test_what_is_open_is_this_and_nothing_else():
    opened = {pattern for pattern, (access, _) in SAMPLES.items() if access is Access.OPEN}
    assert opened == {"/api/session", "/healthz", "/readyz", "/static/(.*)", "/()"}


def refusal_for(access, kind):
    """Return the status that must be answered, or None where the caller is let in."""
    if access is Access.OPEN or kind == access.value:
        return None
    return 403 if kind in {*ALL_ROLES, "no role"} else 401


def headers_with(kind, *, as_cookie=False):
    made = TOKENS[kind]()
    if made is None:
        return {}
    return {"Cookie": f"searchlight_session={made}"} if as_cookie else {"Authorization": f"Bearer {made}"}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("pattern", [pattern for pattern in SAMPLES if pattern not in SOCKETS])
def test_every_route_lets_in_whom_it_may_by_every_method(closed_house, pattern, kind):
    access, path = SAMPLES[pattern]
    for method in METHODS:
        expected = refusal_for(METHODS_OF_OTHERS.get((pattern, method), access), kind)
        for as_cookie in (False, True):
            headers = headers_with(kind, as_cookie=as_cookie)
            answer = requests.request(
                method, closed_house.url + path, headers=headers, timeout=ANSWER_SECONDS, stream=True
            )
            answer.close()
            if expected is not None:
                assert answer.status_code == expected, (method, as_cookie)
            elif method != "POST":  # a POST to the session asks for a token in its body
                assert answer.status_code not in {401, 403, 500}, (method, as_cookie)


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("pattern", SOCKETS)
async def test_every_socket_lets_in_whom_it_may(closed_house, pattern, kind):
    access, path = SAMPLES[pattern]
    expected = None if kind in ALSO.get(pattern, ()) else refusal_for(access, kind)
    if expected is not None and kind != "none":
        with pytest.raises(HTTPClientError) as refusal:
            async with peer(closed_house.url, path, headers=headers_with(kind)):
                pass
        assert refusal.value.code == expected
        return
    async with peer(closed_house.url, path, headers=headers_with(kind)) as opened:
        said, code = (STRANGE[pattern], "not_authenticated") if kind == "none" else ASKED[pattern]
        await opened.say(**said)
        assert (await opened.hear())["code"] == code


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("request_type", WHO_MAY)
def test_every_request_to_the_registry_is_for_its_role(closed_house, request_type, kind):
    expected = refusal_for(WHO_MAY[request_type], kind)
    answer = requests.post(
        closed_house.url + "/", files={"requestType": request_type}, headers=headers_with(kind), timeout=ANSWER_SECONDS
    )
    if expected is not None:
        assert answer.status_code == expected
    else:
        assert answer.status_code not in {401, 403, 500}, answer.text


def test_an_unknown_path_says_nothing_about_who_asks(closed_house):
    for kind in TOKENS:
        answer = requests.get(f"{closed_house.url}/no-such", headers=headers_with(kind), timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
