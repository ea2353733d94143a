"""A known failure is expected, any other is not, and a baseline that is no longer true is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fsqcheck.reports import Baseline, BaselineLine, Entry, ResultLine, exit_status, expected, judge
from fsqcheck.reports.expecting import Tally

from .reports_miniatures import evidence, record, result, shown

TODAY = date(2026, 1, 15)
FAILS = result("fail", message="z = 1 takes level 3")


def entry(**changes: Any) -> Entry:
    fields: dict[str, Any] = {
        "line": 5,
        "cases": ("BND-1/**",),
        "fingerprint": "fail: z = # takes level #",
        "reason": "known for long",
    }
    return Entry(**fields | changes)


def baseline(*entries: Entry) -> Baseline:
    return Baseline(Path("b.toml"), None, entries)


def seen(case: ResultLine, *entries: Entry, version: str | None = "1.5") -> ResultLine:
    return expected(baseline(*entries), case, version, TODAY)


@pytest.mark.parametrize("outcome", ["fail", "error", "crash", "timeout"])
def test_a_known_failure_is_expected_and_keeps_how_it_ended(outcome: Any) -> None:
    found = seen(result(outcome, message="z = 7 takes level 1"), entry(fingerprint=f"{outcome}: z = # takes level #"))
    assert (found.outcome, found.ended, found.known) == ("xfail", outcome, "known for long")


def test_the_issue_is_told_with_the_reason() -> None:
    assert seen(FAILS, entry(issue="https://example.org/7")).known == "known for long; https://example.org/7"


def test_another_failure_of_the_same_case_still_fails_and_says_what_was_known() -> None:
    found = seen(result("fail", message="z = 1 gives NaN"), entry())
    assert found.outcome == "fail"
    assert found.known == "another failure than b.toml, line 5 knows (fail: z = # takes level #)"


def test_an_error_is_another_failure_than_a_wrong_answer() -> None:
    assert seen(result("error", message="z = 1 takes level 3"), entry()).outcome == "error"


def test_a_pass_of_a_case_that_is_known_to_fail_is_unexpected() -> None:
    found = seen(result("pass"), entry())
    assert (found.outcome, found.known) == ("xpass", "b.toml, line 5 knows it to fail: known for long")


@pytest.mark.parametrize("outcome", ["unsupported", "not-run"])
def test_what_was_not_judged_is_left_alone(outcome: Any) -> None:
    assert seen(result(outcome), entry()) == result(outcome)


@pytest.mark.parametrize(
    "changes",
    [
        {"cases": ("BND-2/**",)},
        {"dtypes": ("float64",)},
        {"devices": ("cuda",)},
        {"targets": ("other*",)},
        {"versions": "<1.5"},
    ],
)
def test_an_entry_whose_condition_does_not_hold_knows_nothing(changes: dict[str, Any]) -> None:
    assert seen(FAILS, entry(**changes)) == FAILS


@pytest.mark.parametrize(
    "changes",
    [{"dtypes": ("float64", "float32")}, {"devices": ("cpu",)}, {"targets": ("t?ny",)}, {"versions": ">=1.5,<2"}],
)
def test_an_entry_whose_condition_holds_knows(changes: dict[str, Any]) -> None:
    assert seen(FAILS, entry(**changes)).outcome == "xfail"


@pytest.mark.parametrize("version", [None, "not a version"])
def test_a_target_without_a_release_is_in_no_range(version: str | None) -> None:
    assert seen(FAILS, entry(versions=">=0"), version=version).outcome == "fail"


@pytest.mark.parametrize(("day", "outcome"), [(date(2026, 1, 15), "xfail"), (date(2026, 1, 14), "fail")])
def test_an_entry_holds_through_its_last_day(day: date, outcome: str) -> None:
    found = seen(FAILS, entry(expires=day))
    assert found.outcome == outcome
    assert outcome == "xfail" or found.known == "b.toml, line 5 knew it until 2026-01-14, which is over"


@pytest.mark.parametrize(("wrong", "outcome"), [(10, "xfail"), (20, "xfail"), (21, "fail")])
def test_a_failure_that_more_than_doubled_is_another_one(wrong: int, outcome: str) -> None:
    case = result("fail", message="z = 1 takes level 3", evidence=evidence(wrong=wrong, tried=100))
    assert seen(case, entry(wrong=0.1)).outcome == outcome


def test_of_several_entries_the_one_with_the_fingerprint_counts() -> None:
    found = seen(FAILS, entry(fingerprint="fail: other"), entry(line=9, reason="this one"))
    assert (found.outcome, found.known) == ("xfail", "this one")


# What is wrong with a baseline


def line(*results: ResultLine, entries: tuple[Entry, ...], outside: bool = False, allow: bool = False) -> BaselineLine:
    made = baseline(*entries)
    tally = Tally(made, {"tiny": "1.5"}.get)
    for one in results:
        tally.add(expected(made, one, "1.5", TODAY))
    return tally.line(results, lambda _: outside, TODAY, allow)


def test_a_baseline_that_is_true_has_no_problems() -> None:
    assert line(FAILS, entries=(entry(),)) == BaselineLine(file="b.toml", entries=1)


STALE: dict[str, tuple[ResultLine, Entry, str]] = {
    "unexpected pass": (
        result("pass"),
        entry(),
        "1 case that it knows to fail passes (BND-1/symmetric/8x5/float32/cpu/eval/0): make the baseline again",
    ),
    "expired": (
        FAILS,
        entry(expires=date(2025, 12, 31)),
        "expired on 2025-12-31 (known for long): mend the failure, or renew the date",
    ),
    "matches nothing": (
        FAILS,
        entry(cases=("BND-9/**",)),
        "matches no case (BND-9/**): take the entry out, or correct it",
    ),
    "unsupported": (
        result("unsupported"),
        entry(),
        "what it knows to fail is unsupported now (BND-1/**): take the entry out",
    ),
}


@pytest.mark.parametrize("name", STALE)
def test_a_stale_entry_is_told_with_its_line(name: str) -> None:
    case, stale, words = STALE[name]
    assert line(case, entries=(stale,)).problems == (f"b.toml, line 5: {words}",)


def test_a_case_that_fails_otherwise_or_could_not_be_judged_makes_no_entry_stale() -> None:
    assert line(result("fail", message="other"), result("not-run", n=1), entries=(entry(),)).problems == ()


def test_an_entry_outside_of_what_was_run_is_not_stale_but_counted() -> None:
    found = line(FAILS, entries=(entry(cases=("BND-9/**",)),), outside=True)
    assert (found.problems, found.idle) == ((), 1)


@pytest.mark.parametrize(("allow", "status"), [(False, 1), (True, 0)])
def test_a_stale_baseline_fails_the_run_unless_it_is_allowed(allow: bool, status: int) -> None:
    stale = line(result("xpass"), entries=(entry(),), allow=allow)
    made = record(result(), result("xpass", n=1), baseline=stale)
    assert exit_status(made) == status
    assert judge(made, "tiny").words.endswith("1 problem with the baseline")
    assert f"The baseline is stale{' (allowed)' if allow else ''}\n  b.toml, line 5: 1 case" in shown(made)


def test_a_run_with_known_failures_does_not_just_conform() -> None:
    made = record(result(), result("xfail", "SYM-1", ended="fail", known="known for long"))
    assert judge(made, "tiny").words == "conforms, known failures apart: 1 clause passes; 1 fails as expected"
    assert "Failed as expected\n  1 case: known for long (SYM-1)" in shown(made)
