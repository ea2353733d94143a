"""The HTML page in a real browser: it works by mouse, by keyboard and without JavaScript, and reads well.

Needs Debian's chromium. Where there is none the tests are skipped, but in CI, or with FSQCHECK_BROWSER=required, they fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from fsqcheck.reports import Comparison, Record, compare, read, render_comparison_html, render_html

from .browsing import QUIET, must_be_accessible, opened_page
from .commands import fsqcheck
from .reports_miniatures import gradient, record, result, staircase, target, typical
from .reports_pages import assailed, attacked, measured

pytestmark = QUIET


@contextmanager
def opened(browser: Browser, folder: Path, *records: Record, **options: Any) -> Iterator[Page]:
    """The page on these records."""
    with opened_page(browser, folder, _rendered(records), **options) as page:
        yield page


_RENDERED: dict[tuple[int, ...], tuple[tuple[Record, ...], str]] = {}


def _rendered(records: tuple[Record, ...]) -> str:
    """The page, rendered once for each record object; the records are kept, so that no id is used again."""
    key = tuple(map(id, records))
    if key not in _RENDERED:
        _RENDERED[key] = records, render_html(records)
    return _RENDERED[key][1]


@cache
def six() -> Record:
    """Six targets of which two do not conform."""
    names = ["reference", "torch-fsq", "vector-quantize-pytorch==1.32.0", "a:Mutant", "b:Mutant", "c:Right"]
    results = tuple(
        result("fail" if "Mutant" in name and id == "BND-3" else "pass", id, n, target=name, levels=(n + 3,))
        for name in names
        for id in ("BND-3", "SYM-1", "IDX-6")
        for n in range(2)
    )
    lines = tuple(staircase(L, target=name) for name in names for L in (3, 8))
    slopes = tuple(gradient(8, target=name) for name in names)
    return record(*results, targets=tuple(target(results, name) for name in names), staircases=lines, gradients=slopes)


@cache
def typically() -> Record:
    """`typical`, with measurements."""
    made = typical()
    name = made.targets[0].name
    lines = tuple(staircase(L, target=name, rule=rule) for rule in ("widened", "symmetric") for L in range(3, 20))
    return msgspec.structs.replace(made, staircases=lines, gradients=(gradient(8, target=name, rule="widened"),))


@cache
def changed() -> Comparison:
    """Six targets in two runs: some regress, others are fixed, and one is not there any more."""
    old, was = six(), {"pass": "fail", "fail": "pass"}
    turned = tuple(
        msgspec.structs.replace(one, outcome=was[one.outcome]) for one in old.results if one.target != "c:Right"
    )
    return compare(old, record(*turned, targets=tuple(target(turned, line.name) for line in old.targets[:-1])))


_attacked = cache(attacked)

PAGES: dict[str, Callable[[], str]] = {
    "one target": lambda: _rendered((typically(),)),
    "six targets": lambda: _rendered((six(),)),
    "hostile": lambda: _rendered((_attacked(),)),
    "comparison": lambda: render_comparison_html(compare(typically(), typically())),
    "comparison of six": lambda: render_comparison_html(changed()),
    "hostile comparison": lambda: render_comparison_html(assailed()),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_passes_axe_and_fits_its_width(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    must_be_accessible(browser, tmp_path, PAGES[name](), width, scheme)


def test_the_search_leaves_the_clauses_that_match(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically()) as page:
        page.get_by_label("Search").fill("every layout")
        expect(page.locator(".matrix tr.row:visible")).to_have_count(1)
        expect(page.locator(".finding:visible")).to_have_count(1)
        expect(page.locator("output")).to_have_text("1 of 8 clauses")
        page.get_by_label("Search").fill("")
        expect(page.locator(".matrix tr.row:visible")).to_have_count(8)


def test_the_search_finds_a_target_by_its_name(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, six()) as page:
        page.get_by_label("Search").fill("a:mutant bnd")
        expect(page.locator("details.target:visible")).to_have_count(1)
        expect(page.locator("output")).to_have_text("1 of 3 clauses, 1 of 6 targets")
        expect(page.locator(".matrix[data-targets] tr.row:visible td:visible")).to_have_text("✗ MUST")
        page.get_by_label("Search").fill("1.32.0")
        expect(page.locator(".matrix[data-targets] thead th:visible")).to_have_count(2)
        expect(page.locator(".matrix[data-targets] tr.row:visible")).to_have_count(3)
        page.get_by_label("MUST", exact=True).check()
        expect(page.locator(".matrix[data-targets] tr.row:visible")).to_have_count(0)
        page.get_by_label("Search").fill("")
        expect(page.locator(".matrix[data-targets] thead th:visible")).to_have_count(7)
        expect(page.locator("details.target:visible")).to_have_count(6)


def test_the_search_of_one_target_knows_its_name(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically()) as page:
        page.get_by_label("Search").fill("quantize-pytorch layout")
        expect(page.locator(".matrix tr.row:visible")).to_have_count(1)
        expect(page.locator(".finding:visible")).to_have_count(1)


def test_the_comparison_is_searched_filtered_and_unfolded(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, render_comparison_html(changed())) as page:
        regressed = page.locator(".finding[data-kind=regressed]:visible")
        everything = page.locator(".finding").count()
        assert 0 < regressed.count() < everything
        page.get_by_label("Regressed", exact=True).check()
        expect(page.locator(".finding:visible")).to_have_count(regressed.count())
        page.get_by_label("Search").fill("torch-fsq sym-1")
        expect(page.locator(".finding:visible")).to_have_count(1)
        expect(page.locator("output")).to_have_text(f"1 of {everything} clauses")
        expect(page.get_by_role("heading", name="Fixed")).to_have_count(0)
        regressed.locator("summary").first.focus()
        page.keyboard.press("Enter")
        expect(regressed.get_by_text("SYM-1/symmetric").first).to_be_visible()


def test_without_javascript_a_comparison_unfolds_all_the_same(browser: Browser, tmp_path: Path) -> None:
    with opened_page(browser, tmp_path, render_comparison_html(changed()), java_script_enabled=False) as page:
        expect(page.locator("form.tools")).not_to_be_visible()
        page.locator(".finding summary").first.click()
        expect(page.locator(".finding .body").first).to_be_visible()


def test_the_filter_leaves_what_was_asked_for(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically()) as page:
        for words, left in (("MUST", 2), ("Problems", 4), ("Not judged", 3), ("All", 8)):
            page.get_by_label(words, exact=True).check()
            expect(page.locator(".matrix tr.row:visible")).to_have_count(left)


def test_a_finding_folds_out_and_in_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically()) as page:
        finding = page.locator(".finding").first
        finding.locator("summary").first.focus()
        page.keyboard.press("Enter")
        expect(finding.get_by_text("What it means to you.")).to_be_visible()
        page.keyboard.press("Enter")
        expect(finding.get_by_text("What it means to you.")).not_to_be_visible()


def test_a_cell_leads_to_its_finding_and_unfolds_it(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, six()) as page:
        page.locator(".matrix a", has_text="✗ MUST").first.click()
        expect(page.locator("#t4 .finding .body").first).to_be_visible()
        expect(page.locator("#t5 .finding .body").first).not_to_be_visible()


def test_a_script_is_copied_as_it_stands(browser: Browser, tmp_path: Path) -> None:
    made = typically()
    with opened(browser, tmp_path, made) as page:
        page.locator(".finding summary").first.click()
        page.locator(".code", has_text="Without fsqcheck").first.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
    scripts = {one.evidence.script for one in made.results if one.evidence is not None}
    assert copied in scripts


def test_without_javascript_only_the_filter_is_lost(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically(), java_script_enabled=False) as page:
        expect(page.locator("form.tools")).not_to_be_visible()
        expect(page.locator("button.copy").first).not_to_be_visible()
        expect(page.locator(".matrix tr.row:visible")).to_have_count(8)
        page.locator(".finding summary").first.click()
        expect(page.locator(".finding .body").first).to_be_visible()
        expect(page.locator("figure svg").first).to_be_visible()


def test_on_paper_every_failure_is_told_and_no_control_is_shown(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, typically()) as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for body in page.locator(".finding .body").all():
            expect(body).to_be_visible()
        expect(page.locator("form.tools")).not_to_be_visible()
        page.pdf()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        expect(page.locator(".finding .body").first).not_to_be_visible()


def test_pictures_change_their_colours_with_the_scheme(browser: Browser, tmp_path: Path) -> None:
    seen = set()
    for scheme in ("light", "dark"):
        with opened(browser, tmp_path, measured(result("fail")), color_scheme=scheme) as page:
            seen.add(page.evaluate("getComputedStyle(document.querySelector('figure svg path')).stroke"))
            text = page.evaluate("getComputedStyle(document.querySelector('figure svg text')).fill")
            assert text not in ("rgb(0, 0, 0)", "rgb(1, 1, 1)")
    assert len(seen) == 2


def test_hostile_text_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, attacked()) as page:
        assert page.locator("img").count() == 0
        assert "<script>alert(1)</script>" in page.locator(".verdicts").inner_text()


def test_the_page_of_a_real_run_has_no_fault(browser: Browser, tmp_path: Path) -> None:
    options = ("--rule", "widened", "--clause", "BND", "--clause", "IDX-6", "--report", "r.jsonl", "--html", "r.html")
    said = fsqcheck("run", "vector-quantize-pytorch", *options, cwd=tmp_path)
    assert said.status == 1, said.err
    made = read(tmp_path / "r.jsonl")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == render_html([made])
    with opened(browser, tmp_path, made) as page:
        assert Axe().run(page).response["violations"] == []
        expect(page.locator("figure svg")).to_have_count(8)
