"""A real Chromium, and a watch over what a page does in it."""

import shutil

from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SILENT = ("disable-background-networking", "disable-component-update", "disable-quic", "disable-sync", "no-first-run")
FLAGS = [f"--{flag}" for flag in ("no-sandbox", "disable-gpu", *SILENT)]
WHERE_FROM = "no chromium, chromium-browser or google-chrome on PATH; on Debian: apt-get install chromium"


class Watch:
    """What a page did that it must not: script errors, console errors, questions to other hosts."""

    def __init__(self, page: Page, url: str) -> None:
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("console", lambda said: said.type == "error" and self.faults.append(f"console: {said.text}"))
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        allowed = (url, url.replace("http", "ws", 1), "data:", "blob:")
        page.on("request", lambda asked: asked.url.startswith(allowed) or self.faults.append(f"asked {asked.url}"))
