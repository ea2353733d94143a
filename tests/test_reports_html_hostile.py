"""Third-party text on the HTML page is shown and never run, and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import pytest

from fsqcheck.reports import render_comparison_html, render_html

from .reports_miniatures import clause, evidence, record, result, target, typical
from .reports_pages import assailed, attacked, measured, page, parsed

PAGES = [
    pytest.param(lambda: render_html([attacked(), measured(result("fail"))]), id="report"),
    pytest.param(lambda: render_comparison_html(assailed()), id="comparison"),
]


@pytest.mark.parametrize("text", PAGES)
def test_third_party_text_makes_no_element_and_no_attribute(text: Callable[[], str]) -> None:
    made = parsed(text())
    assert made.tags.count("script") == 1
    assert made.tags.count("style") == 1
    assert "img" not in made.tags
    assert not [name for _, name, _ in made.attributes if name.startswith("on") or name == "style"]
    assert "<script>alert(1)</script>" in made.text
    assert "{{ 7*7 }}" in made.text


def test_links_lead_to_the_page_the_papers_and_the_tracker_only() -> None:
    for link in page(attacked(), typical()).values("href"):
        assert link.startswith(("#", "https://arxiv.org/abs/", "https://github.com/lucidrains/"))


@pytest.mark.parametrize("text", PAGES)
def test_nothing_is_fetched(text: Callable[[], str]) -> None:
    made = parsed(text())
    assert not {"src", "srcset", "xlink:href", "action", "poster", "data"} & {name for _, name, _ in made.attributes}
    assert "url(" not in text()


@pytest.mark.parametrize("render", PAGES)
def test_the_policy_names_the_pages_own_style_and_script_and_nothing_else(render: Callable[[], str]) -> None:
    text = render()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inside is not None
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy[1]


@pytest.mark.parametrize("text", PAGES)
def test_a_page_is_printable_and_can_be_written_as_utf_8(text: Callable[[], str]) -> None:
    assert all(line.isprintable() for line in text().splitlines())
    text().encode()


def test_a_huge_text_is_cut_with_a_note() -> None:
    large = "x" * 10**6
    made = record(
        result("fail", message=large, target=large, evidence=evidence(observed=large, script=large, rerun=large)),
        clauses=(clause(meaning=large, title=large, sentence=large, source=large),),
        targets=(target((result("fail", target=large),), large, version=large, origin=large),),
    )
    text = render_html([made])
    assert len(text) < 100_000
    assert "more characters)" in text
