"""What a history keeps of a record: enough for all that is asked of it, and nothing of half a run."""

from __future__ import annotations

import pytest

from fsqcheck.history import Entry, digest
from fsqcheck.reports import Outcome

from .history_miniatures import everything, release, run
from .reports_miniatures import evidence, footer, record, result, target, unloadable


def test_outcomes_are_counted_by_rule_and_clause() -> None:
    made = release("1.0", {"widened": {"BND-1": "pass"}, "symmetric": {"BND-1": "fail"}})
    assert made.clauses["widened"]["BND-1"].outcomes == {"pass": 1}
    assert made.clauses["symmetric"]["BND-1"].outcomes == {"fail": 1}


def test_the_simplest_failure_is_the_example() -> None:
    wide = result("fail", id="a", levels=(8, 8, 8), message="wide", evidence=evidence())
    narrow = result("fail", id="b", levels=(3,), message="narrow", evidence=evidence())
    found = digest(Entry("1.0", record=record(wide, narrow))).clauses["symmetric"]["BND-1"].example
    assert found is not None
    assert (found.id, found.message, found.observed) == ("b", "narrow", "level 3")
    assert found.script is not None


def test_the_order_in_which_cases_ended_does_not_matter() -> None:
    some = [result("pass", n=n, digest=str(n)) for n in range(5)] + [result("fail", "SYM-1", n=n) for n in range(3)]
    assert (
        digest(Entry("1", record=record(*some))).clauses == digest(Entry("1", record=record(*reversed(some)))).clauses
    )


def test_answers_change_with_a_value_and_the_plan_does_not() -> None:
    one, two = (release("1", run({"r": {"BND-1": "pass"}}, values=values)).clauses["r"]["BND-1"] for values in "ab")
    assert one.plan == two.plan
    assert one.answers != two.answers


def test_answers_that_have_no_hash_are_not_said_to_be_equal() -> None:
    assert digest(Entry("1", record=record(result("pass")))).clauses["symmetric"]["BND-1"].answers is None


def test_the_reason_is_that_of_most_cases_where_nothing_was_judged() -> None:
    some = [result("not-run", n=n, message="no CUDA") for n in range(3)]
    made = record(result("unsupported", n=9, message="rare"), *some, result("pass", "SYM-1"))
    assert digest(Entry("1", record=made)).clauses["symmetric"]["BND-1"].reason == "no CUDA"


def test_uses_are_told_by_rule() -> None:
    made = digest(Entry("1", record=everything({"GRD-1": "fail"})))
    uses = made.uses["symmetric"]
    assert (uses["training"].state, uses["training"].against) == ("unsafe", ("GRD-1",))
    assert uses["autocast"].state == "safe"
    assert uses["the codes of the rule"].state == "safe"
    assert (uses["every MUST"].state, uses["every MUST"].against) == ("unsafe", ("GRD-1",))


@pytest.mark.parametrize("outcome", ["fail", "error", "crash", "timeout", "xfail"])
@pytest.mark.parametrize("clause", ["BND-1", "BND-2", "BND-3"])
def test_nothing_but_another_quantizer_is_safe_without_the_codes(clause: str, outcome: Outcome) -> None:
    uses = digest(Entry("1", record=everything({clause: outcome}))).uses["symmetric"]
    assert {words for words, fit in uses.items() if fit.state != "unsafe"} == {"residual stages"}


def test_half_a_run_is_a_reason() -> None:
    made = digest(Entry("1", record=record(result("pass"), footer=None)))
    assert made.reason == "incomplete: the run did not come to its end"
    assert not made.clauses
    assert not made.uses


def test_a_target_that_could_not_be_loaded_is_a_reason() -> None:
    made = digest(Entry("1", record=record(targets=(unloadable("tiny", "no einx"),))))
    assert made.reason == "could not be loaded: no einx"


def test_a_run_in_which_nothing_was_judged_is_a_reason() -> None:
    made = digest(Entry("1", record=record(result("unsupported", message="no such rule"))))
    assert made.reason is not None
    assert made.reason.startswith("nothing was judged")


def test_the_target_can_be_named_where_a_record_has_several() -> None:
    some = (result("pass", target="a"), result("fail", target="b"))
    made = record(*some, targets=(target(some, "a"), target(some, "b")), footer=footer(some))
    assert digest(Entry("1", record=made), "b").clauses["symmetric"]["BND-1"].outcomes == {"fail": 1}
    with pytest.raises(ValueError, match="must have one target, and has a and b"):
        digest(Entry("1", record=made))
    with pytest.raises(ValueError, match="must have the target c"):
        digest(Entry("1", record=made), "c")


def test_a_megabyte_is_cut() -> None:
    large = "x" * 10**6
    made = digest(
        Entry("1", record=record(result("fail", message=large, evidence=evidence(observed=large, script=large))))
    )
    example = made.clauses["symmetric"]["BND-1"].example
    assert example is not None
    assert example.script is None
    assert max(len(example.message or ""), len(example.observed or ""), len(example.fingerprint)) <= 400
