"""All failing cases of one clause are one finding, and the worst comes first."""

from __future__ import annotations

import pytest

from fsqcheck.reports import Finding, Outcome, ResultLine, families, findings, reasons
from fsqcheck.reports.facts import facts, number, script
from fsqcheck.reports.family import total

from .reports_miniatures import clause, evidence, record, result, target


def only(*results: ResultLine) -> Finding:
    """The one finding that these results make."""
    (finding,) = findings(record(*results), "tiny")
    return finding


def ids(*results: ResultLine) -> list[str]:
    return [finding.clause.id for finding in findings(record(*results), "tiny")]


def labelled(finding: Finding, label: str) -> list[str]:
    return [fact.text for fact in facts(finding) if fact.label == label]


def test_two_hundred_failing_cases_of_one_clause_are_one_finding() -> None:
    finding = only(*(result("fail", n=n) for n in range(200)))
    assert len(finding.failing) == 200


def test_a_record_in_which_nothing_fails_has_no_finding() -> None:
    outcomes: tuple[Outcome, ...] = ("pass", "unsupported", "not-run", "xfail", "xpass")
    assert ids(*(result(outcome, n=n) for n, outcome in enumerate(outcomes))) == []


def test_must_comes_before_should_before_may() -> None:
    assert ids(
        result("fail", "C-1", severity="may"),
        result("fail", "B-1", severity="should"),
        result("fail", "A-1", severity="must"),
    ) == ["A-1", "B-1", "C-1"]


def test_a_wrong_answer_comes_before_an_error_before_a_crash_before_a_timeout() -> None:
    assert ids(result("timeout", "D-1"), result("crash", "C-1"), result("error", "B-1"), result("fail", "A-1")) == [
        "A-1",
        "B-1",
        "C-1",
        "D-1",
    ]


def test_equal_findings_keep_the_order_of_the_clauses_not_of_the_results() -> None:
    made = record(result("fail", "B-1"), result("fail", "A-1"), clauses=(clause("A-1"), clause("B-1")))
    assert [finding.clause.id for finding in findings(made, "tiny")] == ["A-1", "B-1"]


def test_a_clause_that_the_record_does_not_describe_still_makes_a_finding() -> None:
    made = record(result("fail"), clauses=())
    assert [finding.clause.id for finding in findings(made, "tiny")] == ["BND-1"]


def test_the_findings_of_another_target_are_not_mine() -> None:
    results = (result("fail"), result("fail", "SYM-1", target="other"))
    made = record(*results, targets=(target(results), target(results, "other")))
    assert [finding.clause.id for finding in findings(made, "other")] == ["SYM-1"]


SMALL, LARGE = (3,), (8, 5, 5, 5)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param(
            result("fail", levels=SMALL),
            result("fail", n=1, levels=LARGE, evidence=evidence(script=None)),
            id="shows evidence",
        ),
        pytest.param(
            result("error", levels=SMALL, evidence=evidence()),
            result("fail", n=1, levels=LARGE, evidence=evidence()),
            id="is a wrong answer",
        ),
        pytest.param(
            result("fail", levels=SMALL, evidence=evidence(script=None)),
            result("fail", n=1, levels=LARGE, evidence=evidence()),
            id="has a script",
        ),
        pytest.param(result("fail", levels=(2, 2)), result("fail", n=1, levels=(64,)), id="has fewer channels"),
        pytest.param(result("fail", levels=(8, 5)), result("fail", n=1, levels=(3, 5)), id="has fewer levels"),
        pytest.param(result("fail", id="A/symmetric-clamp"), result("fail", id="A/widened"), id="has plainer names"),
    ],
)
def test_the_best_example(worse: ResultLine, better: ResultLine) -> None:
    assert only(worse, better).best == better


GRID = [
    result(
        "fail" if rule == "symmetric" and dtype == "float64" else "pass",
        id=f"{rule}/{levels}/{dtype}",
        rule=rule,
        dtype=dtype,
        levels=(levels,),
    )
    for rule in ("widened", "symmetric")
    for dtype in ("float16", "float32", "float64")
    for levels in range(2, 14)
]


def test_where_a_clause_fails_is_said_in_few_words() -> None:
    assert only(*GRID).where == "symmetric only; float64 only; all 12 level lists"


def test_a_few_failing_level_lists_are_named() -> None:
    results = [result("fail" if n in (3, 4) else "pass", n=n, levels=(n, 5)) for n in range(2, 14)]
    assert only(*results).where == "[3, 5] and [4, 5] of 12 level lists"


def test_many_failing_level_lists_are_counted() -> None:
    results = [result("fail" if n < 7 else "pass", n=n, levels=(n,)) for n in range(2, 14)]
    assert only(*results).where == "5 of 12 level lists"


def test_nothing_is_said_of_a_dimension_in_which_only_one_value_was_judged() -> None:
    assert only(result("fail"), result("unsupported", n=1, dtype="float16")).where == ""


@pytest.mark.parametrize(
    ("outcomes", "count"),
    [
        (["fail"], "the only case fails"),
        (["fail", "fail"], "both cases fail"),
        (["fail", "pass", "pass"], "1 of 3 cases fails"),
        (["error", "error", "pass"], "2 of 3 cases raise an error"),
        (["fail", "error", "error", "pass"], "3 of 4 cases do not conform: 1 fails and 2 raise an error"),
        (["crash", "timeout"], "both cases do not conform: 1 crashes the process and 1 does not end in time"),
        (["fail", "unsupported", "not-run"], "the only case fails"),
    ],
)
def test_how_many_of_how_many_judged_cases_fail(outcomes: list[Outcome], count: str) -> None:
    assert only(*(result(outcome, n=n) for n, outcome in enumerate(outcomes))).count == count


def test_errors_with_the_same_message_are_one_cause() -> None:
    finding = only(*(result("error", n=n, message=f"bad n at {0x7F00_1234_5678 + n:#x}") for n in range(9)))
    assert [(cause.message, cause.cases) for cause in finding.causes] == [("bad n at 0x…", 9)]


def test_errors_with_other_messages_are_counted_beside_the_example() -> None:
    errors = [result("error", n=n, message="other") for n in range(3)]
    finding = only(result("fail", n=9, evidence=evidence()), *errors)
    assert labelled(finding, "also") == ["3 cases, error: other"]


def test_the_message_of_the_example_is_not_told_again_beside_it() -> None:
    finding = only(*(result("error", n=n, message="boom") for n in range(3)))
    assert (labelled(finding, "error"), labelled(finding, "also")) == (["boom"], [])


def test_an_error_that_an_earlier_finding_showed_is_only_referred_to() -> None:
    made = record(result("error", "A-1", message="boom"), result("error", "B-1", message="boom"))
    assert [labelled(finding, "error") for finding in findings(made, "tiny")] == [["boom"], ["the same as in A-1"]]


def test_an_error_without_a_message_is_not_the_same_as_another() -> None:
    made = record(result("error", "A-1"), result("error", "B-1"))
    assert [finding.same_as for finding in findings(made, "tiny")] == [None, None]


def test_an_input_of_many_numbers_is_cut() -> None:
    finding = only(result("fail", evidence=evidence(input=evidence().input * 1000)))
    assert labelled(finding, "input")[0].endswith(", and 992 more")


def test_a_script_too_long_to_show_stays_in_the_record() -> None:
    finding = only(result("fail", evidence=evidence(script="x" * 100_000)))
    assert script(finding) == "# too long to show (100,000 characters); the record has it"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4.0, "4"),
        (1.5e6, "1,500,000"),
        (12.3456, "12.35"),
        (3.1e-9, "3.1e-09"),
        (1e300, "1e+300"),
        (float("inf"), "infinitely many"),
        (float("nan"), "nan"),
    ],
)
def test_a_distance_reads_easily(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_family_counts_its_cases_by_what_became_of_them() -> None:
    outcomes: tuple[Outcome, ...] = (
        *("pass", "pass", "fail", "error", "crash", "timeout"),
        *("unsupported", "not-run", "xfail", "xpass"),
    )
    results = [result(outcome, n=n) for n, outcome in enumerate(outcomes)]
    made = record(*results, targets=(target([*results, result(n=99)]),))
    (row,) = families(made, "tiny")
    assert (row.planned, row.passed, row.failed, row.error) == (11, 2, 1, 3)
    assert (row.unsupported, row.not_run, row.xfail, row.xpass, row.missing) == (1, 1, 1, 1, 1)


def test_families_keep_the_order_of_the_clauses_and_join_their_clauses() -> None:
    made = record(result(clause="SYM-1"), result(clause="BND-1"), result(clause="SYM-2"))
    assert [(row.name, row.planned) for row in families(made, "tiny")] == [("SYM", 2), ("BND", 1)]


def test_a_clause_that_was_planned_and_never_reached_is_in_the_table() -> None:
    made = record(targets=(target((result(clause="GRD-1"),)),), clauses=(clause("GRD-1"), clause("TRN-1")))
    assert [(row.name, row.planned, row.missing) for row in families(made, "tiny")] == [("GRD", 1, 1)]


def test_the_total_is_the_sum_of_the_rows() -> None:
    made = record(result(clause="SYM-1"), result("fail", clause="BND-1"))
    row = total(families(made, "tiny"))
    assert (row.planned, row.passed, row.failed) == (2, 1, 1)


def test_a_target_that_the_record_does_not_introduce_has_no_table() -> None:
    with pytest.raises(KeyError, match="ghost"):
        families(record(result()), "ghost")


def test_reasons_are_counted_most_frequent_first() -> None:
    results = [
        result("not-run", "A-1", message="no MPS"),
        *(result("not-run", f"B-{n % 2}", n, message="no CUDA device") for n in range(4)),
        result("pass", "C-1", message="no CUDA device"),
    ]
    assert [(one.words, one.cases, one.clauses) for one in reasons(results, "not-run")] == [
        ("no CUDA device", 4, ("B-0", "B-1")),
        ("no MPS", 1, ("A-1",)),
    ]


def test_the_clauses_of_a_reason_are_in_the_order_of_their_numbers() -> None:
    results = [result("not-run", id, message="no CUDA device") for id in ("B-10", "B-2", "A-3")]
    assert reasons(results, "not-run")[0].clauses == ("A-3", "B-2", "B-10")
