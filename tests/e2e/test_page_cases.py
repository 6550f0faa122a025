"""The console page with real workers and a real cloudlet: cases from photos, and what everybody is busy with."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import FOOTAGE, FootageTask, GalleryFile
from drill.footage import Footage
from drill.pictures import fetch_pictures
from tests.browser import CHROMIUM, FLAGS, WHERE_FROM, Watch
from tests.conftest import RedisServer
from tests.e2e.conftest import DATA_DIR
from tests.fakes.photo_worker import MODEL
from tests.jobs_under_fire import NOBODY
from tests.processes import ANSWER_SECONDS, Role, free_port, role, wait_until

PATIENCE_MS = 60_000
PROVOKED = "responded with a status of 503"
"""The browser itself writes that into its console when the server refuses."""

LOOKS = """node => {
    const {height, width, borderRadius, borderColor, padding} = getComputedStyle(node);
    return [height, width, borderRadius, borderColor, padding];
}"""
HOSTILE = "<img src=x onerror=\"document.title='stolen'\">"

# `make test` installs the browser where it may (root, Debian); elsewhere the reason says how.
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHERE_FROM)


@dataclass
class House:
    """An orchestrator with a worker and a cloudlet."""

    url: str
    redis_url: str
    cloudlet_port: int

    def cases(self) -> list[Any]:
        return list(requests.get(f"{self.url}/api/cases", timeout=ANSWER_SECONDS).json()["data"])


@pytest.fixture
def house(redis_server: RedisServer, footage: Footage, tmp_path: Path) -> Iterator[House]:
    url, port = redis_server.url, free_port()
    with ExitStack() as stack:
        orchestrator = stack.enter_context(role("processor_orchestrator", "--port", "0", "--redis-url", url))
        workers: Role = stack.enter_context(
            role(
                "job_workers",
                *("--redis-url", url, "--port", "0", "--processes", "1"),
                *("--footage-folder", str(footage.clips[0].video.parent)),
            )
        )
        orchestrator.wait_for_event("loaded")
        server = f"127.0.0.1:{orchestrator.port}"
        told = ("--redis-url", url, "--spool", str(tmp_path / "spool.sqlite3"))
        stack.enter_context(role("cloudlet", server, server, str(port), "1", *told))
        wait_until(lambda: workers.events("worker_ready"), "the worker")
        wait_until(
            lambda: requests.get(f"{orchestrator.url}/api/cloudlets", timeout=ANSWER_SECONDS).json()["data"],
            "the cloudlet",
        )
        yield House(orchestrator.url, url, port)


@pytest.fixture
def page(house: House) -> Iterator[Page]:
    """A desktop page that is watched for faults."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=house.url)
        opened.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        watch = Watch(opened, house.url)
        yield opened
        assert [fault for fault in watch.faults if PROVOKED not in fault] == []
        browser.close()


def test_a_case_is_opened_with_several_photos_a_threshold_and_an_end(
    house: House, page: Page, footage: Footage
) -> None:
    page.goto("/")
    expect(page.locator("#work-count")).to_contain_text("1 worker")
    page.get_by_role("button", name="Open a case from a photo").click()
    dialog = page.get_by_role("dialog", name="Open a case from a photo")
    dialog.get_by_label("Photo of the person").set_input_files(
        [footage.case_photo, fetch_pictures(DATA_DIR)["obama.jpg"]]
    )
    expect(dialog.get_by_text("2 photos, the first is shown.")).to_be_visible()
    dialog.get_by_label("Name").fill("Sought Person")
    dialog.get_by_label("Largest distance").fill("1.5")
    dialog.get_by_role("button", name="Open case", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("a number from 0.05 to 1")
    dialog.get_by_label("Largest distance").fill("0.55")
    dialog.get_by_label("Ends by itself after").select_option(label="8 hours")
    dialog.get_by_role("button", name="Open case", exact=True).click()
    expect(page.locator("#cases-list").get_by_text("Sought Person", exact=True)).to_be_visible()
    wait_until(lambda: house.cases()[0]["state"] == "open", "the references")
    (case,) = house.cases()
    assert (case["name"], case["threshold"], case["references"]) == ("Sought Person", 0.55, 2)
    assert case["expiresAt"] - case["openedAt"] == pytest.approx(28_800, abs=5)
    assert abs(case["openedAt"] - time.time()) < 600


def test_a_case_says_in_a_word_or_a_number_how_many_wrong_faces_may_be_shown(
    house: House, page: Page, footage: Footage
) -> None:
    page.goto("/")
    expect(page.locator("#work-count")).to_contain_text("1 worker")
    dialog = page.get_by_role("dialog", name="Open a case from a photo")

    def open_one(called: str, *, word: str | None = None, number: str | None = None) -> dict[str, Any]:
        page.get_by_role("button", name="Open a case from a photo").click()
        expect(dialog.get_by_role("radio", name="Balanced")).to_be_checked()
        dialog.get_by_label("Photo of the person").set_input_files(footage.case_photo)
        dialog.get_by_label("Name").fill(called)
        if word is not None:
            dialog.get_by_role("radio", name=word).check()
        if number is not None:
            dialog.get_by_text("More", exact=True).click()
            dialog.get_by_label("Wrong faces a day").fill(number)
        dialog.get_by_role("button", name="Open case", exact=True).click()
        expect(page.locator("#cases-list").get_by_text(called, exact=True)).to_be_visible()
        return next(case for case in house.cases() if case["name"] == called)

    told = [open_one("Usual"), open_one("Strict", word="Strict"), open_one("Counted", word="Wide", number="0.25")]
    assert [(case["sensitivity"], case["falseCandidatesPerDay"]) for case in told] == [
        ("balanced", 3.0),
        ("strict", 0.5),
        (None, 0.25),
    ]
    assert [case["threshold"] for case in told] == [None, None, None]


def test_the_dialog_takes_the_names_that_the_server_takes_and_states_no_distance_by_itself(
    house: House, page: Page, footage: Footage
) -> None:
    page.goto("/")
    expect(page.locator("#work-count")).to_contain_text("1 worker")
    page.get_by_role("button", name="Open a case from a photo").click()
    dialog = page.get_by_role("dialog", name="Open a case from a photo")
    name, distance = dialog.get_by_label("Name"), dialog.get_by_label("Largest distance")
    expect(distance).to_have_attribute("placeholder", "from the choice above")
    assert distance.evaluate(LOOKS) == name.evaluate(LOOKS)
    longest = int(name.get_attribute("maxlength") or 0)
    for length, status in ((longest, 202), (longest + 1, 400)):
        photo = {"photos": footage.case_photo.read_bytes()}
        told = requests.post(f"{house.url}/api/cases", data={"name": "W" * length}, files=photo, timeout=ANSWER_SECONDS)
        assert told.status_code == status


def test_what_the_server_refuses_is_said_and_the_photos_stay(house: House, page: Page, footage: Footage) -> None:
    page.goto("/")
    expect(page.locator("#work-count")).to_contain_text("1 worker")
    refusal = {"title": "bad", "detail": f"name: refused {HOSTILE}"}
    page.get_by_role("button", name="Open a case from a photo").click()
    dialog = page.get_by_role("dialog", name="Open a case from a photo")
    dialog.get_by_label("Photo of the person").set_input_files(footage.case_photo)
    page.route("**/api/cases", lambda route: route.fulfill(status=503, json=refusal))
    dialog.get_by_role("button", name="Open case", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text(f"name: refused {HOSTILE}")
    page.unroute("**/api/cases")
    dialog.get_by_role("button", name="Open case", exact=True).click()
    expect(page.locator("#cases-list > li")).to_have_count(1)
    assert house.cases()[0]["name"].startswith("Somebody, ")


def test_cloudlets_and_jobs_are_shown_with_phones_and_progress(house: House, page: Page, footage: Footage) -> None:
    page.goto("/")
    cloudlet = page.get_by_role("list", name="Cloudlets").get_by_role("listitem")
    expect(cloudlet).to_contain_text(f":{house.cloudlet_port}")
    expect(cloudlet).to_contain_text(re.compile("alive · 0 phones · 0 cases"))
    requests.post(
        house.url, files={"requestType": "phoneJoinReq", "id": "1"}, timeout=ANSWER_SECONDS
    ).raise_for_status()
    expect(cloudlet).to_contain_text("1 phone ·")
    hand_over = Thread(target=asyncio.run, args=(look_through(house.redis_url, footage.clips[0].video.name),))
    hand_over.start()  # in a thread of its own: the browser's driver has this thread's loop
    hand_over.join(timeout=60)
    job = page.get_by_role("list", name="Jobs").get_by_role("listitem")
    expect(job).to_contain_text("footage")
    expect(job).to_contain_text(re.compile(r"started · \d+ of \d+ · about \d+ (s|min) left"))
    assert float(job.get_by_role("progressbar").get_attribute("value") or 0) > 0


async def look_through(redis_url: str, clip: str) -> None:
    """Have the worker look through a clip at almost every frame, which takes it some time."""
    queue = JobQueue.from_url(redis_url)
    gallery = await queue.put_gallery(GalleryFile(model_id=MODEL, sought=(NOBODY,)))
    await queue.enqueue(FOOTAGE, FootageTask("footage-1", "results", "card", clip, gallery, 0.0, 0.04))
    await queue.aclose()
