"""The console with authentication on: nothing is shown without a token, and a link may carry it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS, WHERE_FROM
from tests.contract.tokens import key, token
from tests.processes import ANSWER_SECONDS, PATIENCE, Role, role

# `make test` installs the browser where it may (root, Debian); elsewhere the reason says how.
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHERE_FROM)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Role]:
    """An orchestrator that asks for tokens."""
    public = tmp_path / "issuer.pub"
    public.write_text(key("EdDSA").public)
    with role("processor_orchestrator", "--port", "0", environment={"PUBLIC_KEY_FILE": str(public)}) as running:
        running.wait_for_event("loaded")
        yield running


@pytest.fixture
def page(locked: Role) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        expect.set_options(timeout=PATIENCE * 1000)
        yield browser.new_page(base_url=locked.url)
        browser.close()


def test_a_token_is_asked_for_and_opens_the_console(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#session-panel")).to_be_visible()
    expect(page.locator("#console")).to_be_hidden()
    page.fill("#session-token", token(key("EdDSA")))
    page.keyboard.press("Enter")
    expect(page.locator("#console")).to_be_visible()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    assert page.context.cookies()[0]["httpOnly"]
    assert page.context.cookies()[0]["sameSite"] == "Strict"


def test_a_link_may_carry_the_token_which_leaves_the_address_at_once(page: Page, locked: Role) -> None:
    page.goto(f"/#token={token(key('EdDSA'))}")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    assert page.url == f"{locked.url}/"


def test_a_wrong_token_is_refused_in_words_and_nothing_is_shown(page: Page) -> None:
    page.goto("/")
    page.fill("#session-token", "nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#session-fault")).to_contain_text("expected a valid token")
    expect(page.locator("#console")).to_be_hidden()


def test_without_a_token_no_data_leaves(locked: Role) -> None:
    for path in ("/api/cameras", "/api/objects", "/api/sightings", "/objectIds", "/timelines?objectId=1", "/metrics"):
        answer = requests.get(locked.url + path, timeout=ANSWER_SECONDS)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), path
