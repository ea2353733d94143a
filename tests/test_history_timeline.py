"""The timeline, and what changed from one release to the next."""

from __future__ import annotations

import msgspec
import pytest

from fsqcheck.history import History, changes, milestones, standing, timeline
from fsqcheck.reports import Environment, Outcome

from .history_miniatures import lost, made, release, run, simply, typical
from .reports_miniatures import header


def bars(history: History, rule: str | None = "widened") -> list[tuple[int, int, str]]:
    (row,) = timeline(history, rule)
    return [(bar.first, bar.last, bar.standing) for bar in row.bars]


def test_neighbours_that_stand_alike_are_one_bar() -> None:
    assert bars(simply("pass", "pass", "fail", "error", "error", "pass")) == [
        (0, 1, "pass"),
        (2, 2, "fail"),
        (3, 4, "error"),
        (5, 5, "pass"),
    ]


def test_a_release_that_could_not_be_run_stands_apart() -> None:
    assert bars(simply("pass", None, "pass")) == [(0, 0, "pass"), (1, 1, "unknown"), (2, 2, "pass")]


def test_a_clause_that_a_release_has_no_case_of_is_absent() -> None:
    found = made(release("1", {"widened": {"SYM-1": "pass"}}), release("2", {"widened": {"BND-1": "pass"}}))
    rows = {row.clause.id: [bar.standing for bar in row.bars] for row in timeline(found, "widened")}
    assert rows == {"SYM-1": ["pass", "absent"], "BND-1": ["absent", "pass"]}


def test_all_rules_together_stand_as_the_worst() -> None:
    one = release("1", {"widened": {"BND-1": "pass"}, "symmetric": {"BND-1": "fail"}})
    assert standing(one, "BND-1") == "fail"
    assert standing(one, "BND-1", "widened") == "pass"
    assert standing(one, "BND-1", "paper") == "absent"


@pytest.mark.parametrize("bad", ["fail", "error", "crash", "timeout"])
def test_no_pass_hides_what_is_bad(bad: Outcome) -> None:
    assert standing(release("1", {"a": {"BND-1": "pass"}, "b": {"BND-1": bad}}), "BND-1") == bad


def test_what_was_not_judged_does_not_hide_a_pass() -> None:
    assert standing(release("1", {"a": {"BND-1": "not-run"}, "b": {"BND-1": "pass"}}), "BND-1") == "pass"


def test_releases_are_ordered_as_versions_and_not_as_text() -> None:
    found = made(*(release(version, {"r": {"BND-1": "pass"}}) for version in ("1.9.0", "1.10.0", "1.9.0rc1", "main")))
    assert [one.version for one in found.releases] == ["1.9.0rc1", "1.9.0", "1.10.0", "main"]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("pass", "pass"), (None, "1.0", "1.0", False)),
        (("fail", "pass"), ("1.0", "1.1", "1.1", True)),
        (("pass", "fail"), ("1.1", "1.0", None, False)),
        (("pass", "fail", "pass"), ("1.1", "1.0", "1.2", False)),
        (("fail", "fail"), ("1.0", None, None, True)),
        ((None, "unsupported", "fail", None), ("1.2", None, None, True)),
    ],
)
def test_milestones(outcomes: tuple[Outcome | None, ...], expected: tuple[object, ...]) -> None:
    history = simply(*outcomes)
    (one,) = milestones(history, timeline(history))
    assert (one.first_bad, one.first_good, one.good_since, one.from_the_start) == expected


def turns(history: History) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (step.release.version, turn.kind, turn.clause.id, turn.rules)
        for step in changes(history)
        for turn in step.turns
    ]


def test_what_regressed_and_what_was_fixed_is_told() -> None:
    assert turns(simply("pass", "fail", "pass")) == [
        ("1.1", "regressed", "BND-1", ("widened",)),
        ("1.2", "fixed", "BND-1", ("widened",)),
    ]


def test_a_release_that_changes_nothing_is_not_told() -> None:
    assert changes(simply("fail", "fail")) == ()
    assert changes(simply("pass")) == ()


def test_values_that_changed_while_still_passing_are_told() -> None:
    plan = {"widened": {"BND-1": "pass", "SYM-1": "pass"}, "symmetric": {"BND-1": "pass"}}
    found = made(release("1", run(plan)), release("2", run(plan, values="b")))  # type: ignore[arg-type]
    assert turns(found) == [
        ("2", "values-changed", "BND-1", ("widened", "symmetric")),
        ("2", "values-changed", "SYM-1", ("widened",)),
    ]


def test_values_of_other_cases_are_not_compared() -> None:
    one = release("1", run({"r": {"BND-1": "pass"}}))
    two = release("2", run({"r": {"BND-1": "pass"}}, values="b"))
    other = msgspec.structs.replace(two.clauses["r"]["BND-1"], plan="another")
    assert turns(made(one, msgspec.structs.replace(two, clauses={"r": {"BND-1": other}}))) == []


def test_values_from_another_machine_are_not_compared() -> None:
    elsewhere = header(
        environment=Environment(
            python="3.12.0", platform="Linux", processor="ARM", cores=4, packages={"torch": "2.13.0"}
        )
    )
    two = run({"r": {"BND-1": "pass"}}, values="b", header=elsewhere)
    assert turns(made(release("1", {"r": {"BND-1": "pass"}}), release("2", two))) == []


def test_a_clause_that_fails_in_another_way_is_told() -> None:
    found = made(
        release("1", run({"r": {"BND-1": "fail"}}, message="3 levels")),
        release("2", run({"r": {"BND-1": "fail"}}, message="5 levels")),
        release("3", run({"r": {"BND-1": "fail"}}, message="raises ValueError")),
    )
    assert turns(found) == [("3", "fails-differently", "BND-1", ("r",))]


def test_a_new_rule_is_said_once_with_what_fails_under_it() -> None:
    found = made(
        release("1", {"old": {"BND-1": "pass"}}),
        release("2", {"old": {"BND-1": "pass"}, "new": {"BND-1": "fail", "SYM-1": "pass"}}),
        release("3", {"new": {"BND-1": "fail", "SYM-1": "pass"}}),
    )
    added, removed = changes(found)
    assert (added.new_rules, added.gone_rules) == (("new",), ())
    assert [(turn.kind, turn.clause.id, turn.rules) for turn in added.turns] == [("new", "BND-1", ("new",))]
    assert (removed.new_rules, removed.gone_rules, removed.turns) == ((), ("old",), ())


def test_clauses_that_are_new_or_vanished_are_told() -> None:
    found = made(release("1", {"r": {"BND-1": "pass"}}), release("2", {"r": {"SYM-1": "pass"}}))
    assert turns(found) == [("2", "removed", "BND-1", ("r",)), ("2", "new", "SYM-1", ("r",))]


def test_a_change_across_a_release_that_could_not_be_run_names_it() -> None:
    history = simply("pass", None, None, "fail")
    (step,) = changes(history)
    assert (step.previous.version, step.release.version, step.skipped) == ("1.0", "1.3", ("1.1", "1.2"))


def test_must_comes_before_should_and_worse_before_better() -> None:
    old = {"r": {"NUM-1": "pass", "BND-1": "pass", "BND-2": "fail"}}
    new = {"r": {"NUM-1": "fail", "BND-1": "fail", "BND-2": "pass"}}
    found = made(release("1", old), release("2", new))  # type: ignore[arg-type]
    assert [one[2] for one in turns(found)] == ["BND-1", "NUM-1", "BND-2"]


def test_a_history_of_nothing_has_nothing_to_tell() -> None:
    for history in (made(), made(lost("1.0"))):
        assert timeline(history) == ()
        assert changes(history) == ()
        assert history.newest is None


def test_the_typical_history_reads_as_it_should() -> None:
    assert [(step.release.version, len(step.turns)) for step in changes(typical())] == [
        ("1.21.0", 4),
        ("1.22.16", 4),
        ("1.32.0", 3),
    ]
