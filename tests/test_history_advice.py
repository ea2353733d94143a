"""Safe ranges, what is wrong with one release, which one to take, and which one changed a clause."""

from __future__ import annotations

import random

import pytest
from packaging.specifiers import SpecifierSet

from fsqcheck.history import (
    NEEDS,
    Entry,
    History,
    Standing,
    UnknownNeed,
    UnknownRelease,
    ask,
    bisect,
    digest,
    safe_ranges,
    suggest,
)
from fsqcheck.reports import Outcome

from .history_miniatures import everything, lost, made, release, simply, typical

TRAINING = "training"
OUTCOMES: tuple[Outcome | None, ...] = ("pass", "fail", None)


def trained(*safe: bool | None) -> History:
    """Releases 1.0, 1.1, … that are safe to train with or not; None could not be run."""
    return made(
        *(
            lost(f"1.{number}")
            if one is None
            else digest(Entry(f"1.{number}", record=everything({} if one else {"GRD-1": "fail"})))
            for number, one in enumerate(safe)
        )
    )


def ranges(history: History, need: str = TRAINING) -> str:
    (found,) = [one for one in safe_ranges(history) if one.need == need]
    return found.words


@pytest.mark.parametrize(
    ("safe", "words"),
    [
        ((True, True), "≥ 1.0"),
        ((False, True, True), "≥ 1.1"),
        ((True, True, False), "≥ 1.0, < 1.2"),
        ((True, False, True, True), "1.0; ≥ 1.2"),
        ((True, True, False, True), "≥ 1.0, < 1.2; ≥ 1.3"),
        ((False, False), "none"),
        ((True, None, True), "≥ 1.0, ≠ 1.1"),
        ((None, True, True, None), "≥ 1.1, < 1.3"),
        ((True, None), "1.0"),
        ((False, True, None, None, True, False, None), "≥ 1.1, < 1.5, ≠ 1.2, ≠ 1.3"),
        ((True, None, False), "1.0"),
    ],
)
def test_ranges_are_written_as_pip_reads_them(safe: tuple[bool | None, ...], words: str) -> None:
    assert ranges(trained(*safe)) == words


def test_pip_takes_from_a_range_what_is_safe_and_nothing_else() -> None:
    draw = random.Random(0)
    for _ in range(150):
        history = simply(*draw.choices(OUTCOMES, [3, 2, 1], k=draw.randint(1, 12)))
        if not history.known:
            continue
        good = [one.version for one in history.known if one.clauses["widened"]["BND-1"].outcomes == {"pass": 1}]
        (found,) = suggest(history, clauses=["BND-1"])
        taken = [
            one.version
            for one in history.releases
            if any(one.version in SpecifierSet(span.specifier) for span in found.spans)
        ]
        assert taken == good, [one.version for one in history.releases]


def test_what_no_release_could_be_judged_for_is_not_called_unsafe() -> None:
    history = made(digest(Entry("1.0", record=everything({"DEV-1": "not-run", "DEV-2": "not-run", "BND-3": "fail"}))))
    assert ranges(history, "accelerators") == "not judged"
    assert ranges(history, "the codes of the rule") == "none"


def test_a_use_that_was_not_judged_is_not_safe() -> None:
    history = made(digest(Entry("1.0", record=everything({"DEV-4": "unsupported"}))))
    assert ranges(history, "autocast") == "not judged"


def test_ask_says_since_when_and_until_when() -> None:
    answer = ask(typical(), "v1.22.2")
    assert answer.release.version == "1.22.2"
    assert [(one.clause.id, one.rules, one.standing, one.since, one.fixed_in) for one in answer.faults] == [
        ("BND-1", ("symmetric",), "fail", None, "1.22.16"),
        ("BND-2", ("symmetric",), "fail", None, "1.22.16"),
        ("IDX-1", ("widened", "symmetric"), "fail", None, "1.22.16"),
        ("NUM-1", ("widened", "symmetric"), "fail", None, None),
    ]


def test_a_fault_starts_with_the_first_release_that_is_known_to_have_it() -> None:
    (fault,) = ask(simply("pass", None, "fail", "fail", None, "pass"), "1.3").faults
    assert (fault.since, fault.fixed_in) == ("1.2", "1.5")


def test_ask_names_the_nearest_safe_releases_on_both_sides() -> None:
    answer = ask(trained(True, True, None, False, False, True, True), "1.4")
    (choice,) = [one for one in answer.choices if one.need == TRAINING]
    assert (choice.state, choice.against, choice.older, choice.newer) == ("unsafe", ("GRD-1",), "1.1", "1.5")


def test_a_release_that_was_withdrawn_is_not_recommended() -> None:
    good = everything({})
    history = made(
        digest(Entry("1.0", record=everything({"GRD-1": "fail"}))),
        digest(Entry("1.1", record=good, yanked=True)),
        digest(Entry("1.2", record=good)),
        digest(Entry("1.3", record=good, yanked=True)),
    )
    (choice,) = [one for one in ask(history, "1.0").choices if one.need == TRAINING]
    assert choice.newer == "1.2"
    (found,) = suggest(history, uses=[TRAINING])
    assert found.best == "1.2"


def test_ask_of_a_release_that_was_not_run_gives_the_reason() -> None:
    answer = ask(typical(), "1.21.1")
    assert answer.release.reason == "could not be loaded: ImportError: no module named einx"
    assert not answer.faults
    assert not answer.choices


@pytest.mark.parametrize(
    ("version", "near"), [("1.22.3", "are 1.22.2 and 1.22.16"), ("9", "is 1.32.0"), ("0.1", "is 1.20.0")]
)
def test_ask_of_a_release_that_is_not_there_names_its_neighbours(version: str, near: str) -> None:
    with pytest.raises(UnknownRelease, match=f"no release {version}; the nearest it has {near}$"):
        ask(typical(), version)


def test_suggest_answers_for_each_rule() -> None:
    wide, narrow = suggest(typical(), clauses=["BND", "IDX-1"])
    assert (wide.rule, [span.words for span in wide.spans], wide.best) == ("widened", ["≥ 1.22.16"], "1.32.0")
    assert (narrow.rule, narrow.clauses) == ("symmetric", ("BND-1", "BND-2", "IDX-1"))


def test_suggest_names_what_comes_nearest_where_nothing_satisfies() -> None:
    (found,) = suggest(typical(), clauses=["BND", "IDX", "NUM"], rule="widened")
    assert found.best is None
    assert found.spans == ()
    assert [(one.version, one.against) for one in found.near] == [
        ("1.32.0", ("NUM-1",)),
        ("1.21.0", ("IDX-1", "NUM-1")),
    ]


def test_a_clause_of_another_grid_asks_nothing_of_a_rule() -> None:
    history = made(release("1", {"a": {"BND-1": "pass"}, "b": {"BND-1": "pass", "SYM-3": "pass"}}))
    assert [one.best for one in suggest(history, clauses=["BND-1", "SYM-3"])] == ["1", "1"]
    assert [one.best for one in suggest(history, clauses=["SYM-3"])] == [None, "1"]


def test_what_was_not_judged_does_not_satisfy() -> None:
    assert [one.best for one in suggest(typical(), clauses=["DEV-1"], rule="widened")] == [None]


def test_a_use_is_named_by_its_words_or_a_part_that_fits_one_only() -> None:
    history = trained(True)
    assert suggest(history, uses=["Training"])[0].needs == ("training",)
    assert suggest(history, uses=["half"])[0].needs == ("half precision",)
    assert suggest(history)[0].needs == (NEEDS[0],)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"uses": ["codebooks"]}, "'codebooks' fits several uses; there are"),
        ({"uses": ["speech"]}, "'speech' fits no use; there are"),
        ({"uses": [""]}, "'' fits several uses"),
        ({"clauses": ["XYZ-1"]}, "no clause or family XYZ-1"),
        ({"rule": "paper"}, "under the rule paper; there are widened and symmetric"),
    ],
)
def test_what_nobody_knows_is_refused(asked: dict[str, object], words: str) -> None:
    with pytest.raises(UnknownNeed, match=words):
        suggest(typical(), **asked)  # type: ignore[arg-type]


class Releases:
    """Releases 0, 1, … in stretches that stand alike, and which were asked."""

    def __init__(self, *stretches: tuple[int, Standing]) -> None:
        standings = [standing for number, standing in stretches for _ in range(number)]
        self.names = [str(number) for number in range(len(standings))]
        self.asked: list[str] = []
        self._standings = dict(zip(self.names, standings, strict=True))

    def __call__(self, version: str) -> Standing:
        self.asked.append(version)
        return self._standings[version]


@pytest.mark.parametrize("size", [2, 3, 10, 200, 1000])
@pytest.mark.parametrize("old", ["fail", "pass"])
def test_one_change_is_found_in_logarithmically_many_runs(size: int, old: Outcome) -> None:
    new: Outcome = "pass" if old == "fail" else "error"
    for place in {1, size // 2 or 1, size // 3 or 1, size - 1}:
        releases = Releases((place, old), (size - place, new))
        found = bisect(releases.names, releases)
        (change,) = found.changes
        assert (change.before, change.after, change.old, change.new) == (str(place - 1), str(place), old, new)
        assert found.monotone is True
        assert len(releases.asked) == len(set(releases.asked)) <= 2 + 2 * size.bit_length()


def test_failing_in_another_way_is_no_change() -> None:
    releases = Releases((1, "fail"), (1, "error"), (1, "crash"), (1, "timeout"), (1, "pass"), (1, "pass"))
    (change,) = bisect(releases.names, releases).changes
    assert (change.before, change.after) == ("3", "4")


def test_a_clause_that_changed_and_changed_back_is_found_where_a_probe_falls_into_it() -> None:
    releases = Releases((40, "pass"), (30, "fail"), (30, "pass"))
    found = bisect(releases.names, releases)
    assert found.monotone is False
    assert [(one.before, one.after) for one in found.changes] == [("39", "40"), ("69", "70")]
    assert found.words.startswith("not monotone")


def test_more_than_one_change_is_said_not_to_be_monotone() -> None:
    releases = Releases((10, "pass"), (40, "fail"), (40, "pass"), (10, "fail"))
    found = bisect(releases.names, releases)
    assert found.monotone is False
    assert "run the whole history" in found.words


def test_where_nothing_differs_it_says_that_it_cannot_tell() -> None:
    releases = Releases((100, "pass"))
    found = bisect(releases.names, releases)
    assert (found.changes, found.monotone) == ((), None)
    assert "cannot tell" in found.words
    assert len(releases.asked) < 20


def test_a_rule_that_is_new_costs_no_walk_and_is_no_change() -> None:
    releases = Releases((150, "absent"), (30, "fail"), (30, "pass"))
    found = bisect(releases.names, releases)
    assert [(one.old, one.after, one.new) for one in found.changes] == [
        ("absent", "150", "fail"),
        ("fail", "180", "pass"),
    ]
    assert found.monotone is True
    assert len(releases.asked) < 30


def test_releases_that_could_not_be_run_give_way_and_are_named() -> None:
    releases = Releases(
        (1, "unknown"),
        (1, "fail"),
        (1, "fail"),
        (1, "unknown"),
        (1, "unknown"),
        (1, "pass"),
        (1, "pass"),
        (1, "unknown"),
    )
    found = bisect(releases.names, releases)
    (change,) = found.changes
    assert (change.before, change.after, change.skipped) == ("2", "5", ("3", "4"))
    assert "3 and 4 could not be run" in found.words


@pytest.mark.parametrize(
    ("standings", "words"),
    [
        ((), "no release could be run"),
        (("unknown", "unknown"), "no release could be run"),
        (("pass",), "nothing to compare it with"),
        (("unknown", "pass"), "nothing to compare it with"),
        (("absent", "absent"), "cannot tell"),
        (("absent", "pass"), "1 is the first that has it"),
    ],
)
def test_too_little_to_go_by_is_said(standings: tuple[Standing, ...], words: str) -> None:
    releases = Releases(*((1, one) for one in standings))
    found = bisect(releases.names, releases)
    assert found.monotone is None
    assert words in found.words
