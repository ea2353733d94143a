"""What a history looks like on a terminal, in Markdown and as a page's text; hostile text stays text everywhere."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from fsqcheck.history import (
    Entry,
    History,
    ask,
    bisect,
    digest,
    render_answer,
    render_bisection,
    render_html,
    render_markdown,
    render_suggestions,
    render_terminal,
    standing,
    suggest,
)

from .history_miniatures import attacked, everything, head, lost, made, release, shown, simply, typical
from .reports_pages import ATTACK, Page
from .test_reports_terminal import HOSTILE

TEXT = ATTACK + HOSTILE


def parsed(made: History) -> Page:
    page = Page()
    page.feed(render_html(made))
    page.close()
    assert page.open == []
    return page


def everywhere(history: History) -> list[str]:
    """All that can be printed of a history."""
    asked = [shown(render_answer, ask(history, one.version)) for one in history.releases]
    suggested = shown(render_suggestions, suggest(history, clauses=[one.id for one in history.clauses]))
    (clause, *_) = history.clauses
    by_version = {one.version: one for one in history.releases}
    found = bisect(list(by_version), lambda version: standing(by_version[version], clause.id))
    return [shown(render_terminal, history), *asked, suggested, shown(render_bisection, clause.id, found)]


def test_the_page_says_what_is_safe_before_all_else() -> None:
    text = parsed(typical()).text
    order = (
        "1.32.0, the newest release, conforms",
        "Which release is safe",
        "Timeline",
        "What changed",
        "Clause by clause",
    )
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_the_uses_of_the_newest_release_are_said_in_a_sentence() -> None:
    found = made(
        digest(Entry("1.0", record=everything({}))),
        digest(Entry("2.0", record=everything({"GRD-1": "fail", "DEV-1": "not-run", "DEV-2": "not-run"}))),
    )
    for text in (parsed(found).text, render_markdown(found)):
        assert re.search(r"Safe to use for encoding and decoding in float32, half precision, [^.]*autocast", text)
        assert "Not for training." in text
        assert not re.search(r"(Safe to use|Not) for [^.]*(accelerators|every MUST)", text)


def test_a_bar_says_its_releases() -> None:
    titles = parsed(typical()).values("title")
    assert "1.21.0: fail" in titles
    assert "1.22.2: fail" in titles
    assert "1.21.1: not known" in titles
    assert "1.32.0: pass, with other values than before" in titles


def test_bars_cover_every_release() -> None:
    text = render_html(typical())
    rows = re.findall(r'<tr class="row [^>]*>.*?</tr>', text, re.DOTALL)
    assert len(rows) == 5 + 5 + 4
    for row in rows:
        assert sum(map(int, re.findall(r'class="stretch [^"]*" colspan="(\d+)"', row))) == 6


def test_links_lead_to_what_is_there() -> None:
    page = parsed(typical())
    links = {link[1:] for link in page.values("href") if link.startswith("#")}
    assert links <= set(page.values("id"))
    assert len(page.values("id")) == len(set(page.values("id")))


def test_releases_of_which_nothing_is_known_are_named_with_their_reason() -> None:
    for text in (parsed(typical()).text, render_markdown(typical()), shown(render_terminal, typical(), width=200)):
        assert "1.21.1" in text
        assert "ImportError: no module named einx" in text
        assert "withdrawn" in text


def test_an_incomplete_history_says_so_first() -> None:
    history = made(*typical().releases, releases=(*typical().header.releases, "1.33.0", "1.34.0"))
    assert "2 of 8 releases were not run yet" in parsed(history).text[:400]
    assert "2 of 8 releases were not run yet" in render_markdown(history)[:200]
    assert "incomplete: 2 of 8 releases were not run yet" in shown(render_terminal, history)
    assert "1.32.0, the newest that could be run, conforms" in shown(render_terminal, history)


def test_the_last_line_on_a_terminal_is_the_verdict() -> None:
    assert shown(render_terminal, simply("pass", "fail")).splitlines()[-1] == (
        "1.1, the newest release, does not conform: 1 MUST clause fails"
    )


def test_the_terminal_keeps_to_its_width() -> None:
    for width in (60, 80, 100):
        for line in shown(render_terminal, typical(), width=width).splitlines():
            assert cell_len(line) <= width


def test_markdown_tells_bars_and_changes() -> None:
    text = render_markdown(typical())
    assert "1.21.0 – 1.22.2: fail; 1.22.16 – 1.32.0: pass" in text
    assert "- values changed, under widened and symmetric: BND-1, BND-2 and IDX-1" in text
    assert re.search(r"^- new, no case → fail under symmetric: \*\*BND-1\*\* .*`level 3`$", text, re.MULTILINE)
    table = [line for line in text.split("## Which release is safe")[1].split("##")[0].splitlines() if line[:1] == "|"]
    assert {line.count("|") for line in table} == {4}


def test_an_answer_names_what_is_wrong_and_what_to_take() -> None:
    text = shown(render_answer, ask(typical(), "1.22.2"))
    assert text.splitlines()[1:3] == ["tiny 1.22.2", "2025-01-30; withdrawn by the maintainer"]
    assert "fixed in  1.22.16" in text
    assert text.splitlines()[-1] == "tiny 1.22.2: does not conform: 3 MUST and 1 SHOULD clauses fail"


def test_suggestions_say_which_to_take() -> None:
    text = shown(render_suggestions, suggest(typical(), clauses=["BND-1"]))
    assert text.splitlines() == [
        "widened  BND-1: ≥ 1.20.0, ≠ 1.21.1 (take 1.32.0)",
        "symmetric  BND-1: ≥ 1.22.16 (take 1.32.0)",
    ]
    near = shown(render_suggestions, suggest(typical(), clauses=["NUM-1"], rule="widened"))
    assert near.splitlines() == ["widened  NUM-1: no release", "    nearest: 1.32.0 lacks NUM-1"]


@pytest.mark.parametrize("history", [made(), made(lost("1.0")), made(releases=("1.0",)), simply(None, "pass", None)])
def test_little_or_nothing_known_is_still_shown(history: History) -> None:
    assert parsed(history).text
    assert render_markdown(history)
    assert shown(render_terminal, history)
    assert shown(render_suggestions, suggest(history))


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    page = parsed(attacked(TEXT))
    assert page.tags.count("script") == page.tags.count("style") == 1
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert not {"src", "srcset", "action", "poster", "data"} & {name for _, name, _ in page.attributes}
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    for link in page.values("href"):
        assert link.startswith(("#", "https://arxiv.org/abs/", "https://github.com/lucidrains/"))


def test_hostile_text_is_printable_everywhere() -> None:
    history = attacked(TEXT)
    for text in (render_html(history), render_markdown(history), *everywhere(history)):
        assert all(line.isprintable() for line in text.split("\n"))
        text.encode()


def test_hostile_text_cannot_format_markdown() -> None:
    history = attacked("@someone #1 **bold** `tick` | pipe <b>html</b> [link](x) https://e.org")
    for line in render_markdown(history).splitlines():
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line).replace("&#8203;", "")
        outside = re.sub(r"\\[#*`\[\]]", "", outside).replace("@", "")
        assert "<b>" not in outside
        assert "[link]" not in outside
        assert not re.search(r"[@#]\w", outside)


def test_a_huge_text_is_cut() -> None:
    large = attacked("x" * 10**6)
    assert len(render_html(large)) < 250_000
    assert len(render_markdown(large)) < 100_000
    assert max(map(len, everywhere(large))) < 100_000


def test_two_hundred_releases_make_a_page_that_a_mail_takes() -> None:
    wrong = {rule: {f"BND-{number}": "fail" for number in range(65)} for rule in "abcdef"}
    right = {rule: {f"BND-{number}": "pass" for number in range(65)} for rule in "abcdef"}
    history = made(*(release(f"1.{number}", (right, wrong)[number % 10 == 0]) for number in range(200)))  # type: ignore[arg-type]
    assert len(render_html(history)) < 3_000_000
    assert history.header == head(*(f"1.{number}" for number in range(200)))
