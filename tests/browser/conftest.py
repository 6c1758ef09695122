"""Open pages in a real Chromium; without one these tests are skipped, but never in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fleetsync.cli.page_assets import page_assets
from fleetsync.plan.view import PlanView
from fleetsync.report.html.plan import plan_html

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WHOLE = "fleetsync show plan.json -v"

OpenPieces = Callable[..., Page]
OpenPlan = Callable[..., Page]


def browser_path() -> str:
    """Give the path of a browser, or nothing."""
    return os.environ.get("FLEETSYNC_BROWSER") or next(filter(None, map(shutil.which, NAMES)), "")


def find_browser() -> str:
    """Give the path of a browser; where there is none, skip, but fail in CI."""
    found = browser_path()
    if not found:
        words = f"no browser: install one of {', '.join(NAMES)} or set FLEETSYNC_BROWSER"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start it for one file of tests: while it runs, its event loop is that of the whole thread."""
    path = find_browser()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_pieces(browser: Browser, tmp_path: Path) -> Iterator[OpenPieces]:
    """Open a page from its pieces; nothing may be asked for, refused or thrown while it is open."""
    pages: list[Page] = []
    wrong: list[str] = []

    def open_page(pieces: Iterable[str], **context: object) -> Page:
        path = tmp_path / f"{len(pages)}.html"
        with path.open("w", encoding="ascii") as file:
            file.writelines(pieces)
        page = browser.new_page(**{"viewport": {"width": 1400, "height": 900}, **context})  # type: ignore[arg-type]  # the options of a context, as playwright names them
        pages.append(page)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.extend(outside(asked.url)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []


@pytest.fixture
def open_plan(open_pieces: OpenPieces) -> OpenPlan:
    """Open the page of a plan."""

    def open_view(view: PlanView, **context: object) -> Page:
        return open_pieces(plan_html(view, page_assets(), whole=WHOLE), **context)

    return open_view


def outside(url: str) -> list[str]:
    return [] if url.startswith("file:") else [url]
