"""Who may do what at a receiver: every route x every token, and every route of Pis x every wrong proof."""

import pytest
import requests

from backbone.web.http import Access
from pi_receiver.app import Receiver
from pi_receiver.settings import Settings
from tests.contract.test_authorisation_matrix import METHODS, TOKENS, headers_with, refusal_for
from tests.contract.tokens import key
from tests.receivers import TIMEOUT, Receiving

PI = "pi"
"""A route that asks for a Pi's own proof instead of a token."""

SAMPLES = {
    "/upload/?": (PI, "/upload"),
    "/upload/[A-Za-z]{1,100}": (PI, f"/upload/{'a' * 20}"),
    "/files/?": (PI, "/files/"),
    "/files/[A-Za-z0-9_-]{1,100}": (PI, "/files/none"),
    "/view/?": (Access.CLIENT, "/view/"),
    "/view/([0-9]{1,9})": (Access.CLIENT, "/view/1"),
    "/register/?": (Access.OPEN, "/register/"),
    "/receipt-key": (Access.OPEN, "/receipt-key"),
    "/healthz": (Access.OPEN, "/healthz"),
    "/readyz": (Access.OPEN, "/readyz"),
    "/metrics": (Access.CLIENT, "/metrics"),
}


@pytest.fixture(scope="module")
def receiving(tmp_path_factory):
    made = Receiving(tmp_path_factory.mktemp("receiver"))
    with made.running(environment={"PUBLIC_KEY": key("ES256").public}):
        yield made


def test_the_table_holds_every_route_and_no_other(tmp_path):
    receiver = Receiver(Settings(port=0, ids=tmp_path / "ids.txt", received_files=tmp_path))
    assert set(SAMPLES) == {route.pattern for route in receiver.routes}


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("pattern", [pattern for pattern, (access, _) in SAMPLES.items() if access != PI])
def test_every_route_lets_in_whom_it_may_by_every_method(receiving, pattern, kind):
    access, path = SAMPLES[pattern]
    expected = refusal_for(access, kind)
    for method in METHODS:
        for as_cookie in (False, True):
            headers = headers_with(kind, as_cookie=as_cookie)
            answer = requests.request(method, receiving.url + path, headers=headers, timeout=TIMEOUT)
            if expected is not None:
                assert answer.status_code == expected, (method, as_cookie)
            else:
                assert answer.status_code not in {401, 403, 500}, (method, as_cookie)


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("pattern", [pattern for pattern, (access, _) in SAMPLES.items() if access == PI])
def test_no_token_stands_in_for_a_pis_own_proof(receiving, pattern, kind):
    before = receiving.noted()
    for method in METHODS:
        headers = headers_with(kind) | {"Tus-Resumable": "1.0.0", "pi_id": "0" * 16, "pi_num": "1"}
        answer = requests.request(method, receiving.url + SAMPLES[pattern][1], headers=headers, timeout=TIMEOUT)
        refused = answer.status_code in {401, 405} or answer.text == "401"
        assert refused or (method == "OPTIONS" and not answer.content), (method, answer.status_code)
    assert receiving.noted() == before


def test_a_foreign_page_can_send_nothing_even_with_a_pis_proof(receiving):
    pi = receiving.pi()
    headers = pi.headers | {"Origin": "https://elsewhere.example", "num_files": "1", "checksum": "0" * 64}
    answer = requests.post(f"{receiving.url}/upload/{pi.channel()}", headers=headers, timeout=TIMEOUT)
    assert answer.status_code == 403
    assert pi.create("a.txt", b"x", Origin="https://elsewhere.example").status_code == 403


def test_without_keys_a_foreign_host_name_reaches_nothing(tmp_path):
    receiving = Receiving(tmp_path)
    with receiving.running():
        pi = receiving.pi()
        assert pi.ask(Host="evil.example").text == "403"
        assert pi.tus("OPTIONS", "/files/", Host="evil.example").status_code == 403
