"""The Markdown report fits a pull request, and third-party text cannot format it."""

from __future__ import annotations

import re

import msgspec
import pytest

from fsqcheck.reports import Record, ResultLine, render_markdown

from .reports_miniatures import clause, evidence, record, result, target, typical, unloadable
from .test_reports_terminal import HOSTILE, hostile


def many(number: int, severity: str = "must", **changes: object) -> tuple[ResultLine, ...]:
    """As many clauses that fail, with evidence."""
    return tuple(
        result("fail", f"C-{severity}-{n}", severity=severity, evidence=evidence(**changes)) for n in range(number)
    )


def outside_code(text: str) -> str:
    """The report without its fences and code spans: what GitHub would format."""
    text = re.sub(r"(?ms)^ *(`{3,})\w*\n.*?^ *\1$", "", text)
    return re.sub(r"(?s)(`+)(?!`).*?(?<!`)\1(?!`)", "", text.replace("\\`", ""))


def test_the_verdict_comes_first() -> None:
    first = render_markdown(record(result("fail"))).splitlines()[0]
    assert first == "## `tiny`: does not conform: 1 MUST clause fails"


def test_the_verdicts_on_several_targets_come_first() -> None:
    text = render_markdown(record(result(), targets=(target((result(),)), unloadable())))
    assert re.sub("\n+", "\n", text).splitlines()[:3] == [
        "## fsqcheck",
        "- `tiny`: conforms: 1 clause passes",
        "- `broken`: could not be loaded: no module named broken",
    ]


def test_a_record_without_a_target_says_so() -> None:
    assert render_markdown(record(targets=())).startswith("## fsqcheck: incomplete: no target was tried\n")


def test_the_table_counts_the_cases_of_each_family() -> None:
    text = render_markdown(record(result(), result("fail", n=1), result("timeout", "SYM-1")))
    assert "| BND | 2 | 1 | 1 |  |  |  |\n| SYM | 1 |  |  | 1 |  |  |\n| total | 3 | 1 | 1 | 1 |  |  |\n" in text


@pytest.mark.parametrize(
    "said",
    [
        "<details><summary><b>MUST BND-1</b> The title of BND-1: 1 of 2 cases fails</summary>",
        "What a failure of BND-1 means.",
        "- observed: `level 3`",
        "- expected: `level 4`",
        "- input: `0.2938933 (0x3e967930)`",
        "- distance: `12.5 times the tolerance, 4 ulps`",
        "The clause: The sentence of BND-1. (arXiv:2309.15505)",
        "```sh\nfsqcheck run tiny --case BND-1/",
        "```python\nimport torch\n",
    ],
)
def test_a_finding_says(said: str) -> None:
    assert said in render_markdown(record(result("fail", evidence=evidence()), result(n=1)))


def test_the_environment_comes_last() -> None:
    last = render_markdown(typical()).split("<details>")[-1]
    assert "- packages: `numpy 2.4.6, torch 2.13.0`" in last


def test_every_details_block_is_closed() -> None:
    text = outside_code(render_markdown(hostile()))
    assert text.count("<details>") == text.count("</details>") == 3


def test_third_party_html_is_never_html() -> None:
    assert not re.search("<(?!/?(details|summary|b|p)>)|<b>html", outside_code(render_markdown(hostile())))


def test_third_party_markdown_is_never_markdown() -> None:
    text = re.sub("<summary>.*</summary>", "", render_markdown(hostile()))  # in HTML nothing is Markdown
    assert not re.search(r"(?<!\\)[`*_\[\]]", outside_code(text))


def test_a_pipe_in_a_family_does_not_make_a_column() -> None:
    text = render_markdown(record(result(clause="A|B-1")))
    assert "| A\\|B | 1 | 1 |" in text


@pytest.mark.parametrize("text", ["@octocat", "fixes #12"])
def test_nobody_is_mentioned_and_no_issue_is_linked(text: str) -> None:
    made = record(result("fail"), clauses=(clause(title=text, meaning=text, sentence=text, source=text),))
    assert not re.search(r"(?<!&)[@#]\w", outside_code(render_markdown(made)))


def test_a_report_is_printable_line_by_line() -> None:
    assert all(line.isprintable() for line in render_markdown(hostile()).splitlines())


@pytest.mark.parametrize("ticks", ["```", "````\n`````"])
def test_a_fence_is_longer_than_any_run_of_backticks_inside(ticks: str) -> None:
    text = render_markdown(record(result("fail", evidence=evidence(script=f"print('''\n{ticks}\n''')"))))
    fence = re.search("(`+)python", text)
    assert fence is not None
    assert len(fence[1]) > max(map(len, ticks.split("\n")))


@pytest.mark.parametrize(
    ("text", "code"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("``", "``` `` ```"), (" ", "(empty)")]
)
def test_a_code_span_holds_any_backticks(text: str, code: str) -> None:
    made = record(result("fail", evidence=evidence(expected=text)))
    assert f"- expected: {code}\n" in render_markdown(made)


def test_three_thousand_failing_cases_of_one_clause_are_one_finding() -> None:
    made = record(*(result("fail", n=n, evidence=evidence()) for n in range(3000)))
    assert render_markdown(made).count("<b>MUST BND-1</b>") == 1


def large() -> Record:
    """3,000 failing clauses of every severity, the least first."""
    return record(*many(1000, "may"), *many(1000, "should"), *many(1000, "must"))


def huge_names() -> Record:
    """A hundred targets with long names and much to say of each."""
    results = tuple(result("fail", target=f"{n}-" + "½" * 5_000, evidence=evidence()) for n in range(100))
    return record(*results, targets=tuple(target(results, one.target, origin="日" * 5_000) for one in results))


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(large(), id="3000 clauses"),
        pytest.param(huge_names(), id="100 targets"),
        pytest.param(record(*many(30, observed="日" * 10**6, script="\x00" * 3_999)), id="large evidence"),
    ],
)
def test_a_report_is_at_most_60_kb(made: Record) -> None:
    assert len(render_markdown(made).encode()) <= 60_000


def test_the_worst_findings_are_kept_and_the_rest_is_counted() -> None:
    text = render_markdown(large())
    shown = len(re.findall("<b>MUST C-must-", text))
    assert 30 < shown < 1000
    assert "**Left out to keep this short:** " in text
    assert f"{1000 - shown:,} MUST findings" in text
    assert "<b>SHOULD" not in text


def test_the_worst_findings_are_kept_whatever_target_they_are_of() -> None:
    results = (*many(200, "should"), *(msgspec.structs.replace(one, target="other") for one in many(200)))
    made = record(*results, targets=(target(results), target(results, "other")))
    assert "<b>SHOULD" not in render_markdown(made)


def test_no_finding_stands_under_the_heading_of_another_target() -> None:
    other = "other" * 20
    results = (result(), result("fail", "SYM-1", target=other, evidence=evidence()))
    made = record(*results, targets=(target(results), target(results, other, origin="x" * 150)))
    for limit in range(500, 2_500, 5):
        text = render_markdown(made, limit=limit)
        assert f"### `{other}`" in text or "SYM-1" not in text, f"at {limit} bytes"


def test_a_finding_whose_details_do_not_fit_keeps_its_line() -> None:
    made = record(*many(1))
    text = render_markdown(made, limit=len(render_markdown(made).encode()) - 1)
    assert "<p><b>MUST C-must-0</b> The title of C-must-0: the only case fails</p>" in text
    assert "the details of 1 MUST finding. The record has everything." in text


def test_a_report_that_just_fits_is_whole() -> None:
    whole = render_markdown(typical())
    assert render_markdown(typical(), limit=len(whole.encode())) == whole


def test_a_report_that_fits_leaves_nothing_out() -> None:
    assert "Left out" not in render_markdown(typical())


def test_an_error_of_several_lines_is_fenced_in_its_item() -> None:
    text = render_markdown(record(result("error", message="one\ntwo")))
    assert "- error:\n\n  ```text\n  one\n  two\n  ```\n" in text


def test_hostile_text_is_in_the_report_escaped() -> None:
    assert r"[bold red]markup[/] \x1b[2J" in render_markdown(hostile())
    assert HOSTILE not in render_markdown(hostile())
