"""The page's files: open to all, kept by browsers that ask whether they changed, and nothing beside them."""

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpclient import AsyncHTTPClient

from backbone.web.guard import Guard
from backbone.web.http import HttpServer, Metrics, Route, application
from processor_orchestrator.console.handlers_page import PageFileHandler


@pytest.fixture
async def ask(tmp_path):
    page = tmp_path / "webpage"
    page.mkdir()
    (page / "index.html").write_text("<title>console</title>")
    (tmp_path / "secret").write_text("hidden words")
    route = Route("/static/(.*)", PageFileHandler, {"path": str(page)})
    door = HttpServer(
        application([route], guard=Guard(), metrics=Metrics(CollectorRegistry())), address=("127.0.0.1", 0)
    )
    await door.start()

    async def asked(path, **headers):
        url = f"http://127.0.0.1:{door.port}/static/{path}"
        return await AsyncHTTPClient().fetch(url, headers=headers, raise_error=False)

    yield asked
    await door.stop()


async def test_a_file_is_given_with_safe_headers_and_asked_for_anew(ask):
    answer = await ask("index.html")
    assert (answer.code, answer.body) == (200, b"<title>console</title>")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "default-src" in answer.headers["Content-Security-Policy"]


async def test_what_did_not_change_is_not_sent_again(ask):
    first = await ask("index.html")
    again = await ask("index.html", **{"If-None-Match": first.headers["Etag"]})
    assert (again.code, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["../secret", "..%2Fsecret", "%2e%2e/secret", "none.js", ""])
async def test_nothing_outside_the_folder_is_given(ask, path):
    answer = await ask(path)
    assert answer.code in {403, 404}
    assert b"hidden words" not in answer.body
