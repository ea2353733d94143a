"""Each way in which a case can change from one record to another is told apart, and none of them is silence."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from fsqcheck.reports import (
    Comparison,
    Record,
    ResultLine,
    compare,
    comparison_schema,
    render_comparison_html,
    render_comparison_json,
    render_comparison_markdown,
    render_comparison_terminal,
)
from fsqcheck.reports.comparison import KINDS

from .reports_miniatures import clause, header, record, result, target, typical, unloadable
from .test_reports_markdown import outside_code
from .test_reports_terminal import hostile

PASSING = result("pass", clause="SYM-1")


def of(case: ResultLine | None, **changes: Any) -> Record:
    """A record of a case that passes, and of the case that a test is about."""
    return record(*(one for one in (PASSING, case) if one is not None), **changes)


def case(outcome: str, **changes: Any) -> ResultLine:
    return result(outcome, **changes)  # type: ignore[arg-type]  # the tests name outcomes


CHANGES: dict[str, tuple[ResultLine | None, ResultLine | None, str, int]] = {
    "passed, fails": (case("pass"), case("fail"), "regressed", 1),
    "passed, raises": (case("pass"), case("error"), "regressed", 1),
    "passed, crashes": (case("pass"), case("crash"), "regressed", 1),
    "passed, hangs": (case("pass"), case("timeout"), "regressed", 1),
    "passed, fails as the baseline says": (case("pass"), case("xfail"), "regressed", 1),
    "passed, is unsupported": (case("pass"), case("unsupported"), "regressed", 1),
    "was unsupported, fails": (case("unsupported"), case("fail"), "regressed", 1),
    "a SHOULD passed, fails": (case("pass", severity="should"), case("fail", severity="should"), "regressed", 1),
    "a MAY passed, fails": (case("pass", severity="may"), case("fail", severity="may"), "regressed", 0),
    "failed, passes": (case("fail"), case("pass"), "fixed", 0),
    "failed as the baseline says, passes": (case("xfail"), case("xpass"), "fixed", 0),
    "was unsupported, passes": (case("unsupported"), case("pass"), "fixed", 0),
    "failed, is unsupported": (case("fail"), case("unsupported"), "withdrawn", 0),
    "is new": (None, case("pass"), "new", 0),
    "is new and fails": (None, case("fail"), "new", 0),
    "passed, is gone": (case("pass"), None, "removed", 3),
    "failed, is gone": (case("fail"), None, "removed", 3),
    "was unsupported, is gone": (case("unsupported"), None, "removed", 0),
    "passed, is not run": (case("pass"), case("not-run"), "environment-changed", 3),
    "was not run, passes": (case("not-run"), case("pass"), "environment-changed", 0),
    "was not run, fails": (case("not-run"), case("fail"), "environment-changed", 0),
    "passes with other values": (case("pass", digest="a"), case("pass", digest="b"), "values-changed", 0),
    "passes with the same values": (case("pass", digest="a"), case("pass", digest="a"), "unchanged", 0),
    "passes without a digest": (case("pass", digest="a"), case("pass"), "unchanged", 0),
    "fails with other values": (case("fail", digest="a"), case("fail", digest="b"), "unchanged", 0),
    "fails with other numbers": (case("fail", message="z = 1"), case("fail", message="z = 2"), "unchanged", 0),
    "fails in another way": (case("fail", message="one"), case("fail", message="two"), "fails-differently", 0),
    "fails, now raises": (case("fail", message="one"), case("error", message="one"), "fails-differently", 0),
    "a draw passes with other values": (
        case("pass", levels=(), digest="a"),
        case("pass", levels=(), digest="b"),
        "values-changed",
        0,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_case_becomes(name: str) -> None:
    old, new, kind, status = CHANGES[name]
    found = compare(of(old), of(new))
    assert found.pairs[0].counts == {kind: 1, "unchanged": 1} if kind != "unchanged" else {"unchanged": 2}
    assert found.status == status


def test_every_kind_but_a_changed_clause_is_tried_above() -> None:
    assert {kind for _, _, kind, _ in CHANGES.values()} == set(KINDS) - {"clause-changed"}


@pytest.mark.parametrize("changes", [{"sentence": "Something else."}, {"severity": "should"}])
def test_a_clause_that_demands_something_else_is_not_comparable(changes: dict[str, Any]) -> None:
    found = compare(of(case("pass"), clauses=(clause(),)), of(case("fail"), clauses=(clause(**changes),)))
    assert found.pairs[0].counts == {"clause-changed": 1, "unchanged": 1}
    assert found.status == 2
    assert "run the old target again with this fsqcheck" in found.words


def test_a_clause_whose_explanation_was_reworded_is_comparable() -> None:
    found = compare(of(case("pass"), clauses=(clause(),)), of(case("pass"), clauses=(clause(meaning="x", title="y"),)))
    assert found.status == 0


def test_draws_of_another_seed_are_not_set_side_by_side() -> None:
    old, new = (of(case("pass", levels=(), digest=digest)) for digest in "ab")
    assert compare(old, msgspec.structs.replace(new, header=header(seed=1))).pairs[0].counts == {"unchanged": 2}


INCOMPLETE: dict[str, tuple[Record, Record, int, str]] = {
    "the new run was cut": (of(case("pass")), of(case("pass"), footer=None), 3, "the new run is incomplete"),
    "the old run was cut": (of(case("pass"), footer=None), of(case("pass")), 3, "the old run is incomplete"),
    "the new run was shortened": (of(case("pass")), of(None), 3, "1 case that was judged before had no answer now"),
    "it regressed and was cut": (of(case("pass")), of(case("fail"), footer=None), 3, "1 case regressed (1 MUST)"),
    "the new target is not loaded": (of(case("pass")), record(targets=(unloadable(),)), 2, "could not be loaded"),
    "the old target is not loaded": (record(targets=(unloadable(),)), of(case("pass")), 2, "could not be loaded"),
    "nothing in common": (record(result()), record(result(n=1)), 3, "no case was judged in both runs"),
    "no target in common": (
        record(result(), targets=(target((result(),)), target((), "a"))),
        record(targets=(unloadable("b"), unloadable("c"))),
        2,
        "no target in common",
    ),
    "no target at all": (record(targets=()), record(targets=()), 2, "no target in common"),
}


@pytest.mark.parametrize("name", INCOMPLETE)
def test_what_cannot_be_known_is_never_a_success(name: str) -> None:
    old, new, status, words = INCOMPLETE[name]
    found = compare(old, new)
    assert found.status == status
    assert words in found.words


def several(*names: str, outcome: str = "pass") -> Record:
    results = tuple(case(outcome, target=name) for name in names)
    return record(*results, targets=tuple(target(results, name) for name in names))


def test_one_target_each_is_a_pair_whatever_the_names() -> None:
    (pair,) = compare(several("lib==1.0"), several("mine.py:FSQ")).pairs
    assert (pair.old.target, pair.new.target) == ("lib==1.0", "mine.py:FSQ")


def test_several_targets_are_paired_by_name_and_then_without_the_release() -> None:
    found = compare(several("a", "lib==1.0", "gone"), several("lib==2.0", "a", "added"))
    assert [(pair.old.target, pair.new.target) for pair in found.pairs] == [("a", "a"), ("lib==1.0", "lib==2.0")]
    assert (found.only_old, found.only_new, found.status) == (("gone",), ("added",), 3)


def test_two_releases_of_one_package_are_not_confused() -> None:
    found = compare(several("lib==1.0", "lib==2.0"), several("lib==2.0", "lib==3.0"))
    assert [(pair.old.target, pair.new.target) for pair in found.pairs] == [
        ("lib==1.0", "lib==3.0"),
        ("lib==2.0", "lib==2.0"),
    ]


def test_times_are_told_on_one_machine_only() -> None:
    elsewhere = msgspec.structs.replace(
        header(), environment=msgspec.structs.replace(header().environment, processor="another")
    )
    here, there = of(case("pass")), of(case("pass"), header=elsewhere)
    assert compare(here, here).pairs[0].timing is not None
    assert compare(here, there).pairs[0].timing is None
    assert compare(here, there).environment == ("processor x86-64 → another",)


def large(outcome: str) -> Record:
    return record(*(case(outcome, n=n, message="x" * 300) for n in range(12_000)))


def test_a_hundred_thousand_changes_are_counted_and_the_first_are_listed() -> None:
    (pair,) = compare(large("pass"), large("fail")).pairs
    assert pair.counts == {"regressed": 12_000}
    assert len(pair.changes) + pair.left_out == 12_000
    assert len(pair.changes) == 5_000
    assert [group.cases for group in pair.groups] == [12_000]


# How it is shown


def changed() -> Comparison:
    return compare(*(record(*(pair[side] for pair in distinct())) for side in (0, 1)))


def distinct() -> list[tuple[ResultLine, ResultLine]]:
    """Every change of the table in which both sides have the case, each as a case of its own."""
    both = [(old, new) for old, new, _, _ in CHANGES.values() if old is not None and new is not None]
    return [
        (msgspec.structs.replace(old, id=f"{old.id}{n}"), msgspec.structs.replace(new, id=f"{new.id}{n}"))
        for n, (old, new) in enumerate(both)
    ]


def hostile_change() -> Comparison:
    made = hostile()
    passing = tuple(msgspec.structs.replace(one, outcome="pass") for one in made.results)
    return compare(msgspec.structs.replace(made, results=passing), made)


def on_a_terminal(comparison: Comparison, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False, highlight=False, emoji=False)
    render_comparison_terminal(comparison, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    return text


def test_the_last_line_on_a_terminal_is_the_verdict() -> None:
    found = compare(of(case("pass")), of(case("fail", message="z = 1 is wrong")))
    text = on_a_terminal(found)
    assert text.splitlines()[-1] == "worse: 1 case regressed (1 MUST)"
    assert "MUST  BND-1  The title of BND-1: 1 case, pass → fail" in text
    assert "z = 1 is wrong" in text


@pytest.mark.parametrize("made", [pytest.param(changed, id="changed"), pytest.param(hostile_change, id="hostile")])
def test_a_terminal_gets_printable_lines_of_its_width(made: Any) -> None:
    lines = on_a_terminal(made()).splitlines()
    assert all(line.isprintable() and len(line) <= 80 for line in lines)


@pytest.mark.parametrize("made", [changed, hostile_change, lambda: compare(typical(), typical())])
def test_the_json_is_valid_by_its_published_schema(made: Any) -> None:
    Draft202012Validator.check_schema(comparison_schema())
    Draft202012Validator(comparison_schema()).validate(json.loads(render_comparison_json(made())))


def test_the_schema_rejects_another_version() -> None:
    whole = json.loads(render_comparison_json(changed()))
    assert not Draft202012Validator(comparison_schema()).is_valid(whole | {"schema": 2})
    assert not Draft202012Validator(comparison_schema()).is_valid(whole | {"status": 4})


def test_every_kind_has_its_row_in_markdown_and_html() -> None:
    found = changed()
    markdown, html = render_comparison_markdown(found), render_comparison_html(found)
    for kind in found.pairs[0].counts:
        assert f"| {kind.replace('-', ' ')} |" in markdown
        assert KINDS[kind] in html


@pytest.mark.parametrize("size", [12_000, 1])
def test_a_markdown_page_is_at_most_60_kb(size: int) -> None:
    old, new = (
        record(*(case(outcome, clause=f"C-{n}", message="日" * 400) for n in range(size // 4 + 1)))
        for outcome in ("pass", "fail")
    )
    page = render_comparison_markdown(compare(old, new))
    assert len(page.encode()) <= 60_000
    assert ("Left out to keep this short" in page) == (size > 1)


def test_third_party_text_formats_neither_markdown_nor_html() -> None:
    found = hostile_change()
    assert "<b>html" not in outside_code(render_comparison_markdown(found))
    page = render_comparison_html(found)
    assert "<b>html" not in page
    assert "&lt;b&gt;html" in page
    assert all(line.isprintable() for line in page.splitlines())


def test_the_html_page_loads_nothing_from_elsewhere_and_names_its_parts() -> None:
    page = render_comparison_html(changed())
    assert not re.search("https?:|src=|url\\(", page)
    for part in ('<html lang="en">', "<main ", "<h1>", "<caption ", 'scope="col"', 'name="viewport"'):
        assert part in page
