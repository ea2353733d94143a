"""Third-party text on the HTML page is shown and never run, and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import re

from fsqcheck.reports import render_html

from .reports_miniatures import clause, evidence, record, result, target, typical
from .reports_pages import attacked, measured, page


def test_third_party_text_makes_no_element_and_no_attribute() -> None:
    made = page(attacked())
    assert made.tags.count("script") == 1
    assert made.tags.count("style") == 1
    assert "img" not in made.tags
    assert not [name for _, name, _ in made.attributes if name.startswith("on") or name == "style"]
    assert "<script>alert(1)</script>" in made.text
    assert "{{ 7*7 }}" in made.text


def test_links_lead_to_the_page_the_papers_and_the_tracker_only() -> None:
    for link in page(attacked(), typical()).values("href"):
        assert link.startswith(("#", "https://arxiv.org/abs/", "https://github.com/lucidrains/"))


def test_nothing_is_fetched() -> None:
    made = page(attacked(), measured(result("fail")))
    assert not {"src", "srcset", "xlink:href", "action", "poster", "data"} & {name for _, name, _ in made.attributes}
    assert "url(" not in render_html([measured(result("fail"))])


def test_the_policy_names_the_pages_own_style_and_script_and_nothing_else() -> None:
    text = render_html([measured(result("fail"))])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inside is not None
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy[1]


def test_a_page_is_printable_and_can_be_written_as_utf_8() -> None:
    text = render_html([attacked()])
    assert all(line.isprintable() for line in text.splitlines())
    text.encode()


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
