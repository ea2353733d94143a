"""The verdict never says more than the record shows."""

from __future__ import annotations

from typing import Any

import pytest

from fsqcheck.reports import Outcome, Record, ResultLine, exit_status, judge, plan_digest, verdicts

from .reports_miniatures import footer, record, result, target, unloadable

MUST_FAILS = (result("pass"), result("fail", n=1))


def two(first: tuple[ResultLine, ...], second: tuple[ResultLine, ...], **changes: Any) -> Record:
    """A record of two targets, `tiny` and `other`."""
    results = (*first, *second)
    return record(*results, targets=(target(results), target(results, "other")), **changes)


def other(outcome: Outcome) -> tuple[ResultLine, ...]:
    return (result(outcome, target="other"),)


def shortened(**changes: Any) -> Record:
    """Three cases planned, two results."""
    planned = (result(), result(n=1), result(n=2))
    return record(*planned[:2], targets=(target(planned),), **changes)


def swapped() -> Record:
    """As many cases as planned, but one of them another."""
    return record(result(), result(n=7), targets=(target((result(), result(n=1))),))


RECORDS: dict[str, tuple[Record, int, str]] = {
    "everything passes": (record(result(), result(clause="SYM-1")), 0, "conforms: 2 clauses pass"),
    "a MUST fails": (record(*MUST_FAILS), 1, "does not conform: 1 MUST clause fails"),
    "a MUST raises": (record(result("error"), result(n=1)), 1, "does not conform: 1 MUST clause fails"),
    "a MUST crashes": (record(result("crash"), result(n=1)), 1, "does not conform: 1 MUST clause fails"),
    "a MUST times out": (record(result("timeout"), result(n=1)), 1, "does not conform: 1 MUST clause fails"),
    "most cases get no answer": (
        record(result("error"), result("crash", n=1), result("timeout", "SYM-1"), result(n=2), result("fail", n=3)),
        1,
        "does not conform: 2 MUST clauses fail; 3 of 5 cases got no answer: see to that first",
    ),
    "many fail in training alone": (
        record(
            *(
                result("fail" if mode == "train" and clause != "BND-4" else "pass", clause, n=n, mode=mode)
                for clause in ("BND-1", "BND-2", "BND-3", "BND-4")
                for n, mode in enumerate(("train", "eval"))
            ),
            result("fail", "TRN-3", mode="train"),
        ),
        1,
        "does not conform: 4 MUST clauses fail; 3 of them in training mode alone",
    ),
    "MUST and SHOULD fail": (
        record(result("fail"), result("fail", "SYM-1"), result("fail", "SYM-2", severity="should")),
        1,
        "does not conform: 2 MUST and 1 SHOULD clauses fail",
    ),
    "a SHOULD fails": (
        record(result(), result("fail", "SYM-1", severity="should")),
        0,
        "conforms: 1 clause passes; 1 SHOULD clause fails",
    ),
    "a MAY fails": (
        record(result(), result("fail", "SYM-1", severity="may")),
        0,
        "conforms: 1 clause passes; 1 MAY clause fails",
    ),
    "a clause is unsupported": (
        record(result(), result("unsupported", "SYM-1")),
        0,
        "conforms: 1 clause passes; 1 could not be judged",
    ),
    "a clause is expected to fail": (
        record(result(), result("xfail", "SYM-1"), result("pass", "SYM-1", 1)),
        0,
        "conforms, known failures apart: 1 clause passes; 1 fails as expected",
    ),
    "a clause passes unexpectedly": (
        record(result(), result("xpass", "SYM-1"), result("xpass", "SYM-2")),
        0,
        "conforms: 1 clause passes; 2 pass unexpectedly",
    ),
    "a target is not loaded": (
        record(targets=(unloadable(),)),
        2,
        "could not be loaded: no module named broken",
    ),
    "nothing ran": (
        record(*(result("not-run", n=n, message="no CUDA device") for n in range(312))),
        3,
        "nothing was judged: no CUDA device (312 cases not run)",
    ),
    "nothing is supported": (
        record(result("unsupported", message="no vjp"), result("not-run", n=1)),
        3,
        "nothing was judged: no reason was recorded (1 case not run); no vjp (1 case unsupported)",
    ),
    "most cases have another reason than the first": (
        record(
            result("not-run", message="no CUDA device"), *(result("unsupported", n=n, message="no") for n in (1, 2))
        ),
        3,
        "nothing was judged: no (2 cases unsupported); no CUDA device (1 case not run)",
    ),
    "nothing was planned": (record(targets=(target(),)), 3, "nothing was judged: no case was planned"),
    "a case is missing": (shortened(), 3, "incomplete: 1 of 3 cases has no result"),
    "other cases ran": (swapped(), 3, "incomplete: the cases that ran are not those that were planned"),
    "more cases ran": (
        record(result(), result(n=1), targets=(target((result(),)),)),
        3,
        "incomplete: 1 result more than planned",
    ),
    "no plan digest": (
        record(result(), targets=(target((result(),), plan_digest=None),)),
        3,
        "incomplete: the record does not say which cases were planned",
    ),
    "no footer": (record(result(), footer=None), 3, "incomplete: the run did not come to its end"),
    "no footer and a case is missing": (shortened(footer=None), 3, "incomplete: 1 of 3 cases has no result"),
    "the footer counts otherwise": (
        record(result(), footer=footer((result(), result(n=1)))),
        3,
        "incomplete: the run counted 2 results and the record has 1",
    ),
    "the run broke": (
        shortened(footer=footer((result(), result(n=1)), broke="MemoryError\n")),
        3,
        "incomplete: the run broke (MemoryError\\n); 1 of 3 cases has no result",
    ),
    "the run broke after its last case": (
        record(result(), footer=footer((result(),), broke="OSError")),
        3,
        "incomplete: the run broke (OSError)",
    ),
    "a MUST fails in a shortened run": (
        record(*MUST_FAILS, targets=(target((*MUST_FAILS, result(n=2))),)),
        3,
        "incomplete: 1 of 3 cases has no result; so far 1 MUST clause fails",
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_exit_status_follows_the_record(name: str) -> None:
    made, status, _ = RECORDS[name]
    assert exit_status(made) == status


@pytest.mark.parametrize("name", RECORDS)
def test_the_words_follow_the_record(name: str) -> None:
    made, _, words = RECORDS[name]
    assert [verdict.words for verdict in verdicts(made)] == [words]


@pytest.mark.parametrize(
    ("made", "status"),
    [
        pytest.param(record(targets=()), 3, id="no target at all"),
        pytest.param(two((result(),), other("fail")), 1, id="one conforms and one fails"),
        pytest.param(
            record(*MUST_FAILS, targets=(target(MUST_FAILS), unloadable())), 2, id="one fails, one not loaded"
        ),
        pytest.param(two(MUST_FAILS, other("not-run")), 3, id="one fails and of one nothing was judged"),
        pytest.param(two((result(),), other("unsupported")), 3, id="one conforms and of one nothing was judged"),
        pytest.param(record(targets=(unloadable(),), footer=None), 3, id="not loaded, and the run was cut"),
        pytest.param(record(targets=(unloadable(), target())), 3, id="one not loaded and of one nothing was judged"),
    ],
)
def test_what_is_unknown_is_not_hidden_by_what_is_known(made: Record, status: int) -> None:
    assert exit_status(made) == status


@pytest.mark.parametrize("outcome", ["unsupported", "not-run", "xfail", "xpass"])
def test_only_a_pass_counts_as_a_pass(outcome: Outcome) -> None:
    assert judge(record(result(outcome)), "tiny").passing == 0


def test_a_clause_that_was_planned_and_never_reached_is_unjudged() -> None:
    assert judge(record(result(), targets=(target((result(), result(clause="SYM-1"))),)), "tiny").unjudged == 1


def test_a_clause_fails_once_however_many_of_its_cases_fail() -> None:
    made = record(*(result("fail", n=n) for n in range(200)))
    assert judge(made, "tiny").failing == {"must": 1, "should": 0, "may": 0}


def test_cases_are_counted_by_outcome() -> None:
    assert judge(record(*MUST_FAILS), "tiny").cases == {"pass": 1, "fail": 1}


def test_the_gap_of_one_target_is_not_anothers() -> None:
    results = (result(), result(target="other"))
    short = target((result(target="other"), result(target="other", n=1)), "other")
    made = record(*results, targets=(target(results), short))
    assert [verdict.complete for verdict in verdicts(made)] == [True, False]


def test_a_target_that_the_record_does_not_introduce_has_no_verdict() -> None:
    with pytest.raises(KeyError, match="ghost"):
        judge(record(result()), "ghost")


def test_the_plan_digest_does_not_depend_on_the_order_of_the_cases() -> None:
    assert plan_digest(["b", "a"]) == plan_digest(["a", "b"])


def test_the_plan_digest_is_the_sha256_of_the_sorted_ids_one_a_line() -> None:
    # printf 'a\nb' | sha256sum
    assert plan_digest(["b", "a"]) == "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78"


def test_where_the_suite_itself_fails_is_the_gap_of_that_target_alone() -> None:
    fault = "fsqcheck itself failed: ValueError in judge, line 7: an odd shape"
    broken = (result("error", message=fault), result("error", n=1, message=fault), result(n=2))
    made = two(broken, other("pass"))
    assert exit_status(made) == 3
    assert [verdict.words for verdict in verdicts(made)] == [
        f"incomplete: in {broken[0].id} {fault}, and in 1 other case; so far 1 MUST clause fails",
        "conforms: 1 clause passes",
    ]
