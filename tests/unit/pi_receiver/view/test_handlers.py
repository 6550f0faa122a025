"""What people and new Pis ask: which stations sent what, who asks to be let in, the key of the receipts."""

import json

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from pi_receiver.intake.gate import Gate
from pi_receiver.storage.ledger import Ledger, Received
from pi_receiver.view.handlers import routes
from tests.fakes.receiver_parts import ToldSigner, ToldSteps, serving

LISTED, STRANGER = "a" * 16, "b" * 16
JSON = {"Accept": "application/json"}


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite3")
    yield made
    made.close()


@pytest.fixture
def signer():
    return ToldSigner(ToldSteps())


@pytest.fixture
async def ask(tmp_path, ledger, signer):
    (tmp_path / "ids.txt").write_text(f"{LISTED}\n")
    async with serving(routes(ledger, Gate(tmp_path / "ids.txt", ledger), signer)) as url:

        async def asked(path: str, **headers: str) -> HTTPResponse:
            return await AsyncHTTPClient().fetch(url + path, headers=headers, raise_error=False)

        yield asked


def told(answer: HTTPResponse):
    return json.loads(answer.body)


def received(name: str, *, at: float, station: str = "7") -> Received:
    return Received(f"station{station}", name, name, 1, station, "c" * 64, 5, at)


async def test_stations_are_told_to_programs_and_shown_to_people(ask, ledger):
    assert b"Nothing has arrived yet" in (await ask("/view/")).body
    ledger.add([received("a.txt", at=10.0), received("b.txt", at=20.0)])
    assert told(await ask("/view/", **JSON)) == {
        "stations": [{"station": "7", "files": 2, "bytes": 10, "lastReceivedAt": 20.0}],
        "waiting": [],
    }
    page = await ask("/view/", Accept="text/html,application/json")
    assert page.headers["Content-Type"].startswith("text/html")
    assert b'<a href="/view/7">7</a>' in page.body


async def test_a_station_is_told_newest_first_and_page_by_page(ask, ledger):
    ledger.add([received(f"{number}.txt", at=float(number)) for number in range(3)])
    newest = told(await ask("/view/7?limit=2", **JSON))
    assert [one["file"] for one in newest["files"]] == ["station7/2.txt", "station7/1.txt"]
    older = told(await ask(f"/view/7?limit=2&before={newest['before']}", **JSON))
    assert ([one["name"] for one in older["files"]], older["before"]) == (["0.txt"], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "before=-1", "before=" + "9" * 30])
async def test_a_page_that_cannot_be_is_refused(ask, query):
    assert (await ask(f"/view/7?{query}")).code == 400


async def test_a_station_that_sent_nothing_is_not_there(ask):
    assert (await ask("/view/7")).code == 404


async def test_a_pi_that_is_listed_is_let_in_and_another_one_waits_for_its_line(ask):
    assert (await ask("/register/", pi_id=LISTED, pi_num="7")).body == b"200"
    for _ in range(2):
        asked = await ask("/register/", pi_id=STRANGER.upper(), pi_num="8")
        assert (asked.code, asked.body) == (202, b"202")
    (waiting,) = told(await ask("/view/", **JSON))["waiting"]
    assert (waiting["line"], waiting["from"]) == (f"{STRANGER},8", "127.0.0.1")


@pytest.mark.parametrize("headers", [{}, {"pi_id": "x", "pi_num": "1"}, {"pi_id": STRANGER, "pi_num": "1" * 10}])
async def test_who_does_not_say_who_it_is_cannot_ask(ask, headers):
    answer = await ask("/register/", **headers)
    assert (answer.code, answer.body) == (412, b"412")


async def test_only_so_many_of_one_address_wait(ask):
    for number in range(10):
        assert (await ask("/register/", pi_id=f"{number:016x}", pi_num="1")).code == 202
    answer = await ask("/register/", pi_id=STRANGER, pi_num="1")
    assert (answer.code, answer.body) == (503, b"503")


async def test_everybody_gets_the_key_of_the_receipts(ask, signer):
    answer = await ask("/receipt-key")
    assert answer.body.decode() == signer.public_pem
