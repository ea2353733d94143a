"""A baseline made from a record knows its failures and nothing else, and reads back as it was written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from fsqcheck.reports import (
    Acceptance,
    Baseline,
    Entry,
    NothingToKnow,
    Record,
    baseline_of,
    expected,
    read_baseline,
    render_baseline,
)

from .commands import written
from .reports_miniatures import evidence, record, result, target, typical, unloadable
from .test_reports_terminal import hostile

TODAY = date(2026, 1, 15)


def read_back(entries: tuple[Entry, ...], folder: Path, made: Record | None = None) -> Baseline:
    return read_baseline(written(folder, "b.toml", render_baseline(entries, made or record(result()))))


@pytest.mark.parametrize("made", [typical(), hostile()], ids=["typical", "hostile"])
def test_a_baseline_knows_all_failures_of_its_record_and_no_pass(made: Record, tmp_path: Path) -> None:
    baseline = read_back(baseline_of(made, Acceptance()), tmp_path, made)
    for one in made.results:
        found = expected(baseline, one, None, TODAY).outcome
        assert found == ("xfail" if one.outcome in ("fail", "error", "crash", "timeout") else one.outcome), one.id


CASE = some.tuples(
    some.sampled_from(["8", "8x5", "4x4"]),
    some.sampled_from(["float32", "float64"]),
    some.sampled_from(["eval", "train"]),
)


@settings(derandomize=True, database=None, max_examples=200)
@given(some.dictionaries(CASE, some.sampled_from(["pass", "fail", "error", "unsupported"]), min_size=1))
def test_no_pattern_is_wider_than_what_was_seen(outcomes: dict[tuple[str, str, str], str]) -> None:
    cases = [
        result(outcome, id=f"A-1/w/{levels}/{dtype}/cpu/{mode}", clause="A-1")  # type: ignore[arg-type]  # drawn
        for (levels, dtype, mode), outcome in outcomes.items()
    ]
    for entry in baseline_of(record(*cases), Acceptance()):
        outcome = entry.fingerprint.partition(":")[0]
        covered = {one.outcome for one in cases if entry.covers(one.id)}
        assert covered == {outcome}
    failing = {one.id for one in cases if one.outcome in ("fail", "error")}
    assert failing == {
        one.id for one in cases for entry in baseline_of(record(*cases), Acceptance()) if entry.covers(one.id)
    }


def test_failures_that_differ_in_one_part_are_gathered_under_a_star() -> None:
    cases = [result("fail", id=f"A-1/w/8/{dtype}/cpu/eval", clause="A-1", message="no") for dtype in ("f16", "f32")]
    (entry,) = baseline_of(record(*cases), Acceptance())
    assert entry.cases == ("A-1/w/8/*/cpu/eval",)


def test_a_failure_on_another_rule_or_device_is_never_gathered() -> None:
    cases = [
        result("fail", id=f"A-1/{rule}/8/f32/{device}/eval", clause="A-1", message="no")
        for rule in ("w", "s")
        for device in ("cpu", "cuda")
    ]
    (entry,) = baseline_of(record(*cases), Acceptance())
    assert entry.cases == tuple(sorted(case.id for case in cases))


def test_the_largest_share_of_wrong_answers_is_known() -> None:
    cases = [result("fail", n=n, evidence=evidence(wrong=wrong, tried=21_066)) for n, wrong in enumerate((7, 136))]
    assert baseline_of(record(*cases), Acceptance())[0].wrong == 0.00646


def test_a_known_failure_stays_known() -> None:
    made = record(result("xfail", message="no", ended="error"))
    assert baseline_of(made, Acceptance())[0].fingerprint == "error: no"


def test_what_a_person_wrote_is_kept_when_the_baseline_is_made_again(tmp_path: Path) -> None:
    made = record(result("fail", message="z = 1"), result("fail", "SYM-1", message="z = 2"))
    first, second = baseline_of(made, Acceptance())
    edited = Baseline(
        tmp_path / "b.toml", None, (Entry(None, first.cases, first.fingerprint, "my reason", issue="https://x.y"),)
    )
    again = baseline_of(made, Acceptance("new", expires=TODAY), edited)
    assert [(one.reason, one.issue, one.expires) for one in again] == [
        ("my reason", "https://x.y", None),
        ("new", None, TODAY),
    ]
    assert second.reason == "not looked into yet"


def test_of_several_targets_each_has_its_own_entries() -> None:
    results = (result("fail", message="no"), result("fail", message="no", target="other"))
    made = record(*results, targets=(target(results), target(results, "other")))
    assert [entry.targets for entry in baseline_of(made, Acceptance())] == [("tiny",), ("other",)]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (record(result(), footer=None), "the record is incomplete"),
        (record(result(), targets=(target((result(), result(n=1))),)), "1 of 2 cases has no result"),
        (record(targets=(unloadable(),)), "no target could be loaded"),
    ],
)
def test_an_incomplete_record_makes_no_baseline(made: Record, words: str) -> None:
    with pytest.raises(NothingToKnow, match=words):
        baseline_of(made, Acceptance())


TEXT = some.text(some.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)


@settings(derandomize=True, database=None, max_examples=300)
@given(
    some.builds(
        Entry,
        line=some.just(4),
        cases=some.lists(TEXT, min_size=1, max_size=3).map(tuple),
        fingerprint=TEXT,
        reason=TEXT,
        wrong=some.none() | some.floats(1e-9, 1.0),
        issue=some.none() | some.just("https://example.org/7?a=b#c"),
        expires=some.none() | some.dates(),
        versions=some.none() | some.just(">=1.30,<2"),
        targets=some.lists(TEXT, max_size=2).map(tuple),
    )
)
def test_an_entry_reads_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, entry: Entry) -> None:
    (found,) = read_back((entry,), tmp_path_factory.getbasetemp()).known
    assert (found.cases, found.fingerprint, found.reason) == (entry.cases, entry.fingerprint, entry.reason)
    assert (found.wrong, found.issue, found.expires) == (entry.wrong, entry.issue, entry.expires)
    assert (found.versions, found.targets) == (entry.versions, entry.targets)
