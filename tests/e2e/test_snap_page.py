"""The Snap button and the pictures, in a real browser against real cameras and a real orchestrator."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS, WHERE_FROM, Watch
from tests.processes import ANSWER_SECONDS, ROOT, Role, role, wait_until

PATIENCE_MS = 40_000
# `make test` installs the browser where it may (root, Debian); elsewhere the reason says how.
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHERE_FROM)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Role]:
    """An orchestrator with two cameras, one of which has no picture to give."""
    empty = tmp_path / "empty"
    empty.mkdir()
    with role("processor_orchestrator", "--port", "0") as running:
        relay = running.url.replace("http", "ws") + "/snap"
        cameras = []
        for name, source in (("roof-1", "test:"), ("roof-2", f"images:{empty}")):
            folder = tmp_path / name
            folder.mkdir()
            command = [sys.executable, "-m", "edge_devices.snap_camera", relay, "--device-id", name, "--groups", "roof"]
            command += ["--source", source, "--folder", str(folder)]
            cameras.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))
        wait_until(lambda: len(running.events("snap_device_joined")) == 2, "the cameras")
        yield running
        for camera in cameras:
            camera.terminate()
            camera.wait(timeout=40)


@pytest.fixture
def page(house: Role) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=house.url)
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        watch = Watch(page, house.url)
        yield page
        assert list(watch.faults) == []
        browser.close()


def test_an_operator_snaps_a_group_and_sees_the_pictures_and_who_failed(house: Role, page: Page) -> None:
    page.goto("/")
    panel = page.locator("#snap-panel")
    expect(panel.locator("#snap-count")).to_have_text("2 of 2 online")
    expect(panel.locator("#snap-to option")).to_have_text(["Every camera", "Group roof", "roof-1", "roof-2"])
    panel.get_by_label("Who takes a picture").select_option("roof")
    panel.get_by_role("button", name="Snap").click()
    rows = panel.get_by_role("list", name="The last snap").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("picture received")
    expect(rows.nth(1)).to_contain_text("no picture: expected pictures in")
    picture = panel.get_by_role("img", name="Picture of roof-1")
    expect(picture).to_have_count(1)
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#snap-pictures img').naturalWidth === 320")
    kept = requests.get(f"{house.url}/api/snippets", timeout=ANSWER_SECONDS).json()["data"]
    assert [row["id"] for row in kept] == ["roof-1"]
    expect(panel.get_by_role("button", name="Snap")).to_be_enabled()


def test_without_snap_cameras_nothing_is_shown_of_them(page: Page) -> None:
    page.route("**/api/snap/devices", lambda route: route.fulfill(json={"data": []}))
    page.goto("/")
    expect(page.locator("#link-pill")).to_have_text("Connected")
    expect(page.locator("#snap-panel")).to_be_hidden()
