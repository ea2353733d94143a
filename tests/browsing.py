"""Debian's chromium, and a page opened in it from a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
#: Marks for tests in a browser: Playwright's driver keeps sockets for the interpreter's end; pytest would call that a leak.
QUIET = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser; where there is none the test is skipped, or fails if one is required."""
    if not Path(CHROMIUM).exists():
        said = f"there is no {CHROMIUM}; apt-get install chromium"
        if os.environ.get("CI") or os.environ.get("FSQCHECK_BROWSER") == "required":
            pytest.fail(said)
        pytest.skip(said)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def opened_page(browser: Browser, folder: Path, text: str, **options: Any) -> Iterator[Page]:
    """A page opened from a file; no error, no warning and no request may have come of it."""
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    context = browser.new_context(**options)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(_words(message)))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if _is_foreign(request, file) else None)
    page.goto(file.as_uri())
    try:
        yield page
        assert said == []
    finally:
        context.close()


def must_be_accessible(browser: Browser, folder: Path, text: str, width: int, scheme: str) -> None:
    """With everything folded out the page passes axe-core, contrast too, and is no wider than the window."""
    with opened_page(browser, folder, text, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        violations = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def _words(message: ConsoleMessage) -> str:
    return f"{message.type}: {message.text}"


def _is_foreign(request: Request, file: Path) -> bool:
    return request.url.partition("#")[0] != file.as_uri()
