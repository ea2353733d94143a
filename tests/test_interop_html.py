"""The page of an interop comparison, in a real browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from fsqcheck.interop import Interop, inputs, measure, render_html, render_markdown

from .browsing import QUIET, must_be_accessible, opened_page
from .reports_pages import ATTACK
from .test_reports_terminal import HOSTILE

pytestmark = QUIET


@cache
def found(*rules: str) -> Interop:
    return measure([f"reference@{rule}" for rule in rules], (8, 5), inputs("normal", 2, 20_000))


def hostile() -> Interop:
    """Targets with names that attack the page."""
    typical = found("paper", "widened", "symmetric")
    members = (
        msgspec.structs.replace(one, name=ATTACK + HOSTILE, no_gradient=ATTACK + HOSTILE) for one in typical.members
    )
    return msgspec.structs.replace(typical, members=tuple(members))


PAGES = {
    "two": lambda: found("paper", "paper"),
    "four": lambda: found("paper", "widened", "symmetric", "widened-clamp"),
    "hostile": hostile,
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_passes_axe_and_fits_its_width(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    must_be_accessible(browser, tmp_path, render_html(PAGES[name]()), width, scheme)


def test_a_cell_of_the_matrix_leads_to_its_pair(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, render_html(PAGES["four"]())) as page:
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="1. reference@paper"))
        row.get_by_role("link").nth(1).click()
        expect(
            page.get_by_role("heading", name="1 and 3: reference@paper and reference@symmetric", exact=True)
        ).to_be_in_viewport()


def test_markdown_shows_hostile_names_and_does_not_obey_them() -> None:
    page = render_markdown(hostile())
    members = [
        line for line in page.splitlines() if line[:2] in ("1.", "2.", "3.")
    ]  # in code spans, which obey nothing
    assert len(members) == 3
    assert all(line[3:].startswith("``<") and line.endswith("``") for line in members)
    for line in members:
        page = page.replace(line, "")
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
