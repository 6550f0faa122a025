"""The debug page of one camera: its files, its pictures, and what is said when there are none."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpclient import AsyncHTTPClient

from backbone.web.guard import Guard
from backbone.web.http import HttpServer, Metrics, application
from backbone.web.mjpeg import Broadcast
from camera_processor import handlers_web
from tests.fakes.parts import running
from tests.fakes.waiting import until


@pytest.fixture
def broadcast():
    return Broadcast()


@pytest.fixture
async def page(broadcast, tmp_path):
    (tmp_path / "camera.html").write_text("<p>the camera")
    (tmp_path / "page.css").write_text("p {}")
    routes = handlers_web.routes(broadcast, webpage=str(tmp_path))
    app = application(routes, guard=Guard(), metrics=Metrics(CollectorRegistry()))
    async with running(HttpServer(app, address=("127.0.0.1", 0))) as server:
        yield f"http://127.0.0.1:{server.port}"


async def get(url):
    return await AsyncHTTPClient().fetch(url, raise_error=False)


@asynccontextmanager
async def connected(url, path):
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


async def test_the_page_and_its_files_are_served(page):
    assert (await get(f"{page}/")).body == b"<p>the camera"
    assert (await get(f"{page}/static/page.css")).body == b"p {}"
    assert (await get(f"{page}/static/../../etc/passwd")).code in {403, 404}


async def test_a_snapshot_is_the_next_picture_and_leaves_no_viewer(page, broadcast):
    asked = asyncio.create_task(get(f"{page}/snapshot.jpg"))
    await until(lambda: broadcast.viewers == 1)
    broadcast.publish(b"JPEG")
    answer = await asked
    assert (answer.code, answer.headers["Content-Type"], answer.body) == (200, "image/jpeg", b"JPEG")
    assert broadcast.viewers == 0


async def test_a_snapshot_of_a_camera_that_is_offline_is_refused_in_words(page, broadcast, monkeypatch):
    monkeypatch.setattr(handlers_web, "SNAPSHOT_SECONDS", 0.05)
    answer = await get(f"{page}/snapshot.jpg")
    assert answer.code == 503
    assert "the camera is offline" in json.loads(answer.body)["detail"]
    assert broadcast.viewers == 0


@pytest.mark.parametrize("path", ["/stream", "/video_feed"])
async def test_a_viewer_gets_pictures_until_it_leaves(page, broadcast, path):
    async with connected(page, f"{path}?fps=60") as reader:
        await until(lambda: broadcast.viewers == 1)
        assert broadcast.demand == 60
        broadcast.publish(b"JPEG")
        shown = await asyncio.wait_for(reader.readuntil(b"JPEG\r\n"), 10)
        assert b"multipart/x-mixed-replace; boundary=frame" in shown
    await until(lambda: broadcast.viewers == 0)


async def test_a_viewer_that_asks_for_an_absurd_rate_is_refused(page, broadcast):
    answer = await get(f"{page}/stream?fps=1000")
    assert answer.code == 400
    assert "expected a number from 0.1 to 60" in json.loads(answer.body)["detail"]
    assert broadcast.viewers == 0
