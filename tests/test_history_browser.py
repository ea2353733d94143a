"""The page of a history in a real browser: by mouse, by keyboard, without JavaScript, on a phone and on paper."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fsqcheck.history import History, render_html

from .browsing import QUIET, must_be_accessible, opened_page
from .history_miniatures import GOOD, WRONG, attacked, lost, made, release, typical
from .reports_pages import ATTACK
from .test_reports_terminal import HOSTILE

pytestmark = QUIET


@cache
def long() -> History:
    """As many releases as the library that matters has."""
    return made(
        *(
            lost(f"1.{number // 20}.{number % 20}")
            if number % 70 == 5
            else release(
                f"1.{number // 20}.{number % 20}", WRONG if number < 120 else GOOD, date=f"20{20 + number // 50}-01-01"
            )
            for number in range(200)
        )
    )


PAGES = {"typical": cache(typical), "200 releases": long, "hostile": cache(lambda: attacked(ATTACK + HOSTILE))}


@cache
def text(name: str) -> str:
    return render_html(PAGES[name]())


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_passes_axe_and_fits_its_width(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    must_be_accessible(browser, tmp_path, text(name), width, scheme)


def test_two_hundred_releases_need_no_scrolling_on_a_desk_and_scroll_on_a_phone(
    browser: Browser, tmp_path: Path
) -> None:
    for width, scrolls in ((1400, False), (360, True)):
        with opened_page(browser, tmp_path, text("200 releases"), viewport={"width": width, "height": 900}) as page:
            hidden = page.evaluate("(one => one.scrollWidth - one.clientWidth)(document.querySelector('.chart'))")
            assert (hidden > 100) is scrolls
            assert (hidden > 0) is scrolls
            narrowest = page.evaluate(
                "Math.min(...[...document.querySelectorAll('tr.r0 .stretch')].map(one => one.getBoundingClientRect().width))"
            )
            assert narrowest >= 3.9


def test_a_bar_stands_under_its_release(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("200 releases"), viewport={"width": 1400, "height": 900}) as page:
        tick = page.locator(".series", has_text="1.6").bounding_box()
        bar = page.locator("tr.r0", has_text="BND-1").locator(".stretch.pass").first.bounding_box()
        assert tick is not None
        assert bar is not None
        assert abs(tick["x"] - bar["x"]) < 1.5


def test_the_label_of_a_clause_stays_while_its_bars_scroll(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("200 releases"), viewport={"width": 360, "height": 900}) as page:
        label = page.locator("tr.r0 th").first
        before = label.bounding_box()
        page.evaluate("document.querySelector('.chart').scrollLeft = 500")
        assert label.bounding_box() == before


def test_a_rule_shows_its_own_rows_with_and_without_javascript(browser: Browser, tmp_path: Path) -> None:
    for script in (True, False):
        with opened_page(browser, tmp_path, text("typical"), java_script_enabled=script) as page:
            expect(page.locator(".timeline tr.row:visible")).to_have_count(5)
            page.get_by_label("symmetric", exact=True).check()
            expect(page.locator(".timeline tr.row:visible")).to_have_count(4)
            expect(page.locator(".timeline tr.family:visible", has_text="DEV")).to_have_count(0)
            page.get_by_label("all together").check()
            expect(page.locator(".timeline tr.row:visible")).to_have_count(5)


def test_search_and_filter_leave_what_was_asked_for(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("typical")) as page:
        rows = page.locator(".timeline tr.row:visible")
        for words, left in (("MUST", 4), ("Changed", 3), ("Fails now", 1), ("All", 5)):
            page.get_by_label(words, exact=True).check()
            expect(rows).to_have_count(left)
        page.get_by_label("Search").fill("idx")
        expect(rows).to_have_count(1)
        expect(page.locator("output")).to_have_text("1 of 5 clauses")
        expect(page.locator(".timeline tr.family:visible")).to_have_count(1)


def test_a_clause_in_the_timeline_leads_to_what_it_says(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("typical")) as page:
        page.locator(".timeline tr.r0 a", has_text="BND-2").click()
        body = page.locator("#clause-BND-2 .body")
        expect(body).to_be_visible()
        expect(body).to_contain_text("first bad in 1.21.0, first good in 1.20.0, good since 1.22.16")
        body.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()


def test_a_release_folds_out_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("typical")) as page:
        step = page.locator(".step", has_text="1.22.16").last
        step.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(step.get_by_role("heading", name="Fixed").first).to_be_visible()


def test_without_javascript_only_search_and_copying_are_lost(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("typical"), java_script_enabled=False) as page:
        expect(page.locator("form.tools")).not_to_be_visible()
        expect(page.locator("button.copy").first).not_to_be_visible()
        page.locator(".step summary").first.click()
        expect(page.locator(".step .body").first).to_be_visible()


def test_on_paper_everything_is_told_and_no_control_is_shown(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("200 releases")) as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for body in page.locator(".finding > .body").all():
            expect(body).to_be_visible()
        expect(page.locator("form.tools")).not_to_be_visible()
        expect(page.locator(".rules")).not_to_be_visible()
        page.pdf()


def test_hostile_text_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, text("hostile")) as page:
        assert page.locator("img").count() == 0
        assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
