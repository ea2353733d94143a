"""The terminal shows what a record says so that a person can act on it."""

from __future__ import annotations

import io
import re
import shlex
import textwrap

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from fsqcheck.reports import Distance, Record, render_terminal

from .reports_miniatures import SCRIPT, clause, evidence, record, result, shown, target, typical, unloadable

HOSTILE = "[bold red]markup[/] \x1b[2J\x1b]0;title\x07 \u202eright-to-left \ud800 `tick` | pipe \r\n\n <b>html</b> \x00"


def hostile() -> Record:
    """Third-party text in every place that has some."""
    failing = result(
        "fail",
        message=HOSTILE,
        target=HOSTILE,
        evidence=evidence(
            observed=HOSTILE,
            expected=HOSTILE,
            input_note=HOSTILE,
            rerun=HOSTILE,
            script=HOSTILE,
            details={HOSTILE: HOSTILE},
        ),
    )
    results = (
        failing,
        result("error", "SYM-1", message=HOSTILE, target=HOSTILE),
        result("not-run", "DEV-1", message=HOSTILE, target=HOSTILE),
    )
    own = target(results, HOSTILE, version=HOSTILE, framework=HOSTILE, origin=HOSTILE, rules=(HOSTILE,))
    clauses = (clause(title=HOSTILE, meaning=HOSTILE, sentence=HOSTILE, source=HOSTILE),)
    return record(*results, targets=(own, unloadable(reason=HOSTILE)), clauses=clauses)


def without_script(text: str) -> list[str]:
    """The lines of a report but those of its scripts, which are never wrapped."""
    kept, inside = [], False
    for line in text.splitlines():
        inside = line == "  script" or (inside and (line.startswith("    ") or not line))
        if not inside:
            kept.append(line)
    return kept


def test_the_last_line_is_the_verdict() -> None:
    assert shown(record(result("fail"))).splitlines()[-1] == "tiny: does not conform: 1 MUST clause fails"


def test_with_several_targets_the_last_lines_are_their_verdicts() -> None:
    made = record(result(), targets=(target((result(),)), unloadable()))
    assert shown(made).splitlines()[-2:] == [
        "tiny: conforms: 1 clause passes",
        "broken: could not be loaded: no module named broken",
    ]


def test_a_target_that_could_not_be_loaded_is_told_in_one_line() -> None:
    assert shown(record(targets=(unloadable(),))).strip() == "broken: could not be loaded: no module named broken"


def test_a_record_without_a_target_says_so() -> None:
    assert shown(record(targets=())).strip() == "incomplete: no target was tried"


def test_a_table_counts_the_cases_of_each_family() -> None:
    text = shown(record(result(), result("fail", n=1), result("timeout", "SYM-1")))
    rows = [line.split() for line in text.splitlines() if re.match("BND|SYM|total", line)]
    assert rows == [
        ["BND", "2", "1", "1", "-", "-", "-"],
        ["SYM", "1", "-", "-", "1", "-", "-"],
        ["total", "3", "1", "1", "1", "-", "-"],
    ]


def test_the_cases_without_a_result_have_a_column_only_if_there_are_any() -> None:
    short = record(result(), targets=(target((result(), result(n=1))),))
    assert ["no result" in shown(made) for made in (record(result()), short)] == [False, True]


@pytest.mark.parametrize(
    "said",
    [
        "MUST  BND-1  The title of BND-1",
        "What a failure of BND-1 means.",
        "observed  level 3",
        "expected  level 4",
        "input     0.2938933 (0x3e967930)",
        "distance  12.5 times the tolerance, 4 ulps",
        "cases     1 of 2 cases fails",
        "example   BND-1/symmetric/8x5/float32/cpu/eval/0",
        "rerun     fsqcheck run tiny --case BND-1/symmetric/8x5/float32/cpu/eval/0",
    ],
)
def test_a_finding_says(said: str) -> None:
    assert said in shown(record(result("fail", evidence=evidence()), result(n=1)))


def test_the_order_in_which_cases_ended_does_not_matter() -> None:
    made = typical()
    turned = msgspec.structs.replace(made, results=made.results[::-1])
    assert shown(turned) == shown(made)


def test_two_hundred_failing_cases_are_told_with_one_example() -> None:
    text = shown(record(*(result("fail", n=n, evidence=evidence()) for n in range(200))))
    assert (text.count("observed"), text.count("all 200 cases fail")) == (1, 1)


def test_the_worst_finding_comes_first() -> None:
    text = shown(record(result("fail", "A-1", severity="should"), result("error", "B-1")))
    assert text.index("MUST  B-1") < text.index("SHOULD  A-1")


def test_many_findings_are_listed_again_before_the_verdict() -> None:
    severities = ("must", "should", "must", "may", "must")
    results = [result("fail", f"C-{n}", severity=severity) for n, severity in enumerate(severities)]
    listed = "What fails\n  MUST    C-0, C-2, C-4\n  SHOULD  C-1\n  MAY     C-3\n\ntiny: does not conform"
    assert listed in shown(record(*results))
    assert "What fails" not in shown(record(*results[:4]))


def test_a_wrong_answer_beside_the_tolerance_is_not_said_to_be_one_times_it() -> None:
    for units, words in ((1.00001, "just above the tolerance, 4 ulps"), (1.002, "1.002 times the tolerance, 4 ulps")):
        distance = Distance(tolerance_units=units, ulps=4.0)
        assert f"distance  {words}\n" in shown(record(result("fail", evidence=evidence(distance=distance))))


def test_drawn_levels_are_called_drawn() -> None:
    assert "          drawn only\n" in shown(record(result("fail", levels=()), result(n=1)))


def test_a_script_can_be_copied_as_it_is() -> None:
    text = shown(record(result("fail", evidence=evidence())))
    block = text.split("  script\n")[1].split("\n\ntiny:")[0]
    assert textwrap.dedent(block) == SCRIPT


def test_a_long_command_is_broken_so_that_a_shell_joins_it_again() -> None:
    command = "fsqcheck run 'a target with spaces' " + " ".join(f'--option-{n} "value {n}"' for n in range(8))
    text = shown(record(result("fail", evidence=evidence(rerun=command))))
    block = text.split("rerun")[1].split("  script\n")[0]
    assert shlex.split(block.replace("\\\n", "")) == shlex.split(command)


def test_what_was_not_judged_is_grouped_by_its_reason() -> None:
    text = shown(typical())
    assert "Not run\n  317 cases: no CUDA device (DEV-1 and DEV-2)\n" in text
    assert "Unsupported\n  40 cases: the adapter has no vjp (GRD-1)\n" in text


@pytest.mark.parametrize("made", [pytest.param(typical(), id="typical"), pytest.param(hostile(), id="hostile")])
def test_no_line_is_wider_than_80_columns_outside_a_script(made: Record) -> None:
    assert [line for line in without_script(shown(made)) if cell_len(line) > 80] == []


def test_wide_characters_are_counted_as_the_terminal_does() -> None:
    text = shown(record(result("error", message="日本語" * 60)))
    assert [line for line in text.splitlines() if cell_len(line) > 80] == []


def test_a_very_wide_terminal_does_not_make_very_wide_text() -> None:
    text = shown(record(result("error", message="word " * 70)), width=400)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("width", [10, 20, 40])
def test_a_narrow_terminal_loses_no_verdict(width: int) -> None:
    squeezed = re.sub(r"\s", "", shown(typical(), width=width))
    assert squeezed.endswith("doesnotconform:2MUSTand2SHOULDclausesfail")


def test_no_line_ends_in_a_space() -> None:
    assert [line for line in shown(typical()).splitlines() if line != line.rstrip()] == []


def test_third_party_text_sends_nothing_to_the_terminal() -> None:
    assert all(line.isprintable() for line in shown(hostile()).splitlines())


def test_markup_in_third_party_text_is_shown_as_it_is() -> None:
    assert "observed  [bold red]markup[/] \\x1b[2J" in shown(hostile())


def test_with_colour_only_our_own_styles_are_sent() -> None:
    sent = set(re.findall("\x1b[^m]*m", shown(hostile(), colour=True)))
    assert sent <= {f"\x1b[{style}m" for style in ("0", "1", "2", "1;31", "1;33", "31", "32", "33", "36")}


def test_with_and_without_colour_the_text_is_the_same() -> None:
    assert re.sub("\x1b[^m]*m", "", shown(typical(), colour=True)) == shown(typical())


def test_a_message_of_a_megabyte_is_cut() -> None:
    assert len(shown(record(result("error", message="x" * 1_000_000)))) < 5_000


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_unicode_gets_escapes(encoding: str) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    made = record(result("error", message="日本 ½"), targets=(target((result("error"),), version="ü"),))
    render_terminal(made, Console(file=file, width=80))
    assert b"\\u65e5\\u672c" in raw.getvalue()
