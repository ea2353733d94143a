"""The HTML page: one file, everything said in words, third-party text shown and never run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import fsqcheck.reports.html as html_package
from fsqcheck.reports import MissingExtra, Record, render_html
from fsqcheck.reports.html.anchors import linked
from fsqcheck.reports.html.words import Purpose, Purposes

from .reports_miniatures import (
    clause,
    evidence,
    footer,
    gradient,
    record,
    result,
    staircase,
    target,
    typical,
    unloadable,
)
from .reports_pages import measured, page
from .test_reports_terminal import hostile

# What it says


@pytest.mark.parametrize(
    "said",
    [
        "tiny ✗ Does not conform: 1 MUST clause fails",
        "What it means to you. What a failure of BND-1 means.",
        "The sentence of BND-1.",
        "observed level 3",
        "expected level 4",
        "input 0.2938933 (0x3e967930)",
        "distance 12.5 times the tolerance, 4 ulps",
        "fsqcheck run tiny --case BND-1/",
        "from tiny_fsq import FSQ",
        "1 of 2 cases fails",
        "tier quick · fsqcheck 0.1.0 · 2025-11-24",
        "packages numpy 2.4.6, torch 2.13.0",
    ],
)
def test_a_page_of_one_target_says(said: str) -> None:
    assert said in page(record(result("fail", evidence=evidence()), result(n=1))).text


def test_the_title_is_the_verdict() -> None:
    assert "<title>tiny: does not conform: 1 MUST clause fails · fsqcheck</title>" in render_html(
        [record(result("fail"))]
    )


def test_several_targets_are_counted_first_and_told_one_by_one() -> None:
    results = (result("fail"), result(target="other"))
    made = record(*results, targets=(target(results), target(results, "other"), unloadable()))
    text = page(made).text
    assert "3 targets: 1 conforms, 1 does not, 1 not loaded" in text
    assert "broken could not be loaded: no module named broken" in text
    assert text.index("3 targets") < text.index("does not conform") < text.index("What the clauses say")


def test_targets_of_several_records_stand_on_one_page() -> None:
    text = page(record(result()), record(result("fail"))).text
    assert "2 targets: 1 conforms, 1 does not" in text
    assert "tiny (record 1)" in text
    assert "tiny (record 2)" in text


def test_releases_of_one_target_are_told_apart_by_their_versions() -> None:
    old, new = (record(result(), targets=(target((result(),), version=version),)) for version in ("1.0", "2.0"))
    text = page(old, new).text
    assert "tiny 1.0" in text
    assert "tiny 2.0" in text
    assert "(record" not in text


def test_a_long_name_at_the_head_of_a_column_keeps_its_start_and_its_end() -> None:
    results = (result(target="package.module:VeryLongNamedFiniteScalarQuantizer"), result(target="b"))
    made = record(*results, targets=(target(results, results[0].target), target(results, "b")))
    assert ">VeryLongNamed…alarQuantizer<" in render_html([made])


def test_an_incomplete_run_says_so_before_anything_else() -> None:
    body = render_html([record(result(), footer=None)]).split("<body>")[1]
    places = [body.index(text) for text in ('role="alert"', "the run did not come to its end", "tier quick", "<h1>")]
    assert places == sorted(places)


def test_a_complete_run_does_not_say_that_it_is_incomplete() -> None:
    assert "incomplete" not in page(record(result())).text


def test_a_record_without_a_target_says_so() -> None:
    assert "No target was tried" in page(record(targets=())).text


def test_a_cell_says_its_state_in_a_symbol_and_a_word() -> None:
    made = record(
        result("fail"),
        result("fail", "SYM-1", severity="should"),
        result("pass", "IDX-1"),
        result("unsupported", "TRN-1"),
        result("not-run", "DEV-1"),
        result("xfail", "NUM-1"),
    )
    cells = re.findall(r'<td class="(\w+)"[^>]*>(?:<a[^>]*>)?([^<]+<i>[^<]+)', render_html([made]))
    cells = [(name, text.replace("<i>", "")) for name, text in cells]
    assert sorted(cells) == [
        ("idle", "○ not run"),
        ("known", "≈ known"),
        ("must", "✗ MUST"),
        ("pass", "✓ pass"),
        ("should", "! SHOULD"),
        ("unsup", "– unsup."),
    ]


def test_the_worst_clauses_come_first_in_their_families() -> None:
    made = record(
        result("pass", "BND-1"),
        result("fail", "BND-2", severity="should"),
        result("fail", "IDX-1"),
        result("pass", "IDX-2"),
    )
    rows = re.findall(r'data-kind="\w+" data-search="([A-Za-z]+-\d)', render_html([made]))
    assert rows[:4] == ["idx-1", "idx-2", "bnd-2", "bnd-1"]


def test_a_case_that_has_no_result_is_lost_not_passed() -> None:
    results = (result(), result("pass", target="other"))
    short = target((result(), result(clause="SYM-1")))
    made = record(*results, targets=(short, target(results, "other")), clauses=(clause(), clause("SYM-1")))
    assert ">? <i>no result<" in render_html([made])


def test_what_could_not_be_judged_is_told_with_its_reason() -> None:
    assert (
        "312 cases not run: no CUDA device (DEV-1)"
        in page(record(result(), *(result("not-run", "DEV-1", n, message="no CUDA device") for n in range(312)))).text
    )


def test_every_link_inside_the_page_has_its_place() -> None:
    for made in (page(typical()), page(typical(), measured(result("fail"))), page(hostile())):
        places = made.values("id")
        assert len(places) == len(set(places))
        assert {link[1:] for link in made.values("href") if link.startswith("#")} <= set(places)


def test_a_source_links_to_its_papers_and_issues() -> None:
    source = "arXiv 2309.15505 §3.1; vector-quantize-pytorch issues 194, 200 and PR 215; design 42"
    links = [(part.text, part.href) for part in linked(source) if part.href]
    tracker = "https://github.com/lucidrains/vector-quantize-pytorch/issues"
    assert links == [
        ("arXiv 2309.15505", "https://arxiv.org/abs/2309.15505"),
        *((number, f"{tracker}/{number}") for number in ("194", "200", "215")),
    ]
    assert "".join(part.text for part in linked(source)) == source


# Pictures


def test_each_rule_has_its_pictures_with_a_title_and_a_description() -> None:
    made = page(measured(result("fail")))
    assert made.tags.count("svg") == made.tags.count("desc") == 8
    for title in ("Staircase", "Worst threshold", "Errors of all thresholds", "Symmetry", "Gradient"):
        assert title in made.text
    assert "1 of 9 thresholds out of their bands" in made.text
    assert "L = 3, level 1 → 2" in made.text
    assert "+2.5 tolerance units, +21 ulps: out of its band" in made.text


def test_pictures_take_their_colours_from_the_page() -> None:
    text = render_html([measured(result("fail"))])
    assert not re.search(r"<(svg|path|text)[^>]* (style|fill|stroke)=", text)
    assert not re.search(r"#0[1-6]0[1-6]0[1-6]", text)
    assert "var(--observed)" in text


def test_an_old_record_without_measurements_says_that_it_has_no_pictures() -> None:
    made = page(record(result()))
    assert "svg" not in made.tags
    assert "This record holds no measured staircases and gradients, so there are no pictures" in made.text


def test_a_measurement_that_gave_nothing_says_why() -> None:
    lines = (
        staircase(2, reason="it refuses L = 2", exact=(), observed=(), units=()),
        gradient(2, reason="no gradient"),
    )
    text = page(record(result(), staircases=lines[:1], gradients=lines[1:])).text
    assert "No staircase of L = 2: it refuses L = 2" in text
    assert "No gradient of L = 2: no gradient" in text


def test_steps_that_were_never_seen_are_drawn_as_gaps() -> None:
    lost = staircase(5, observed=(None, -0.5, 0.5, None), units=(None, 0.0, 0.0, None), ulps=(None, 0, 0, None))
    text = page(measured(result(), staircases=(lost,))).text
    assert "the step was never seen" in text
    assert "2 never seen" in text


@pytest.mark.parametrize(
    "line",
    [
        staircase(5, observed=()),
        staircase(5, exact=(None,) * 4),
        staircase(3, levels=1),
        staircase(3, units=(1e300, -1e300)),
        staircase(3, observed=(-3e38, 3e38), units=(-1e8, 1e8)),
        staircase(3, codes=(None, None, None)),
        staircase(3, exact=(0.0, 0.0), observed=(0.0, 0.0), units=(0.0, 0.0)),
        staircase(3, observed=(None, None), units=(None, None), ulps=(None, None)),
    ],
)
def test_a_strange_measurement_does_not_break_the_page(line: object) -> None:
    assert "</html>" in render_html([measured(result(), staircases=(line,), gradients=())])


# Sizes


def many(targets: int, clauses: int, cases: int) -> Record:
    """Targets in which every clause fails in many configurations, each with measurements of L = 2 … 64."""
    names = [f"package{n}.module:Class" for n in range(targets)]
    results = tuple(
        result(
            "fail",
            f"FAM{c % 8}-{c}",
            n=n,
            id=f"FAM{c % 8}-{c}/{n}",
            target=name,
            rule=("widened", "symmetric")[n % 2],
            dtype=("float32", "float64", "float16")[n % 3],
            levels=(n % 17 + 2, 5),
            message="a step lies outside its band " * 3,
            evidence=evidence(),
        )
        for name in names
        for c in range(clauses)
        for n in range(cases)
    )
    lines = tuple(
        staircase(L, target=name, rule=rule)
        for name in names
        for rule in ("widened", "symmetric")
        for L in range(2, 65)
    )
    slopes = tuple(gradient(L, target=name, rule="widened") for name in names for L in range(2, 65))
    return record(*results, targets=tuple(target(results, name) for name in names), staircases=lines, gradients=slopes)


@pytest.mark.parametrize(("targets", "limit"), [(1, 3_000_000), (20, 10_000_000)])
def test_a_page_stays_small_though_everything_fails(targets: int, limit: int) -> None:
    assert len(render_html([many(targets, 63, 34)]).encode()) <= limit


def test_three_thousand_failing_cases_of_one_clause_are_one_finding() -> None:
    made = record(*(result("fail", n=n, evidence=evidence()) for n in range(3000)))
    assert render_html([made]).count('<details class="finding') == 1


# What it needs


def test_without_its_libraries_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_package, "find_spec", lambda name: None if name == "matplotlib" else object())
    with pytest.raises(MissingExtra, match=r"^an HTML report needs matplotlib; pip install 'fsqcheck\[html\]'$"):
        render_html([record(result())])


def test_reports_import_neither_library_until_a_page_is_made() -> None:
    home = str(Path(html_package.__file__).absolute().parents[3])
    script = f"import sys; sys.path.insert(0, {home!r}); import fsqcheck.reports, fsqcheck.cli; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"jinja2", "matplotlib"} & set(ended.stdout.split())


def test_the_same_records_give_the_same_page() -> None:
    made: Sequence[Record] = [measured(result("fail"), footer=footer((result("fail"),)))]
    assert render_html(made) == render_html(made)


@pytest.mark.parametrize(
    ("safe", "unsafe", "unknown", "sentence"),
    [
        ("ab", "c", "d", "safe to use for a and b"),
        ("", "c", "d", "not known to be safe for any use"),
        ("", "", "d", "not known to be safe for any use"),
        ("", "cd", "", "safe for no use"),
        ("", "", "", ""),
    ],
)
def test_what_is_not_known_is_not_called_unsafe(safe: str, unsafe: str, unknown: str, sentence: str) -> None:
    found = Purposes(*(tuple(Purpose(one, "") for one in group) for group in (safe, unsafe, unknown)))
    assert found.sentence == sentence
