"""A use is called safe only where every clause that it rests on passed."""

from __future__ import annotations

import pytest

from fsqcheck.reports import Record, ResultLine, Severity
from fsqcheck.reports.record import Outcome
from fsqcheck.reports.uses import BASE, USES, Fitness, fitness

from .reports_miniatures import record, result, target, unloadable

TRAINING = next(use for use in USES if use.words == "training")
AUTOCAST = next(use for use in USES if use.words == "autocast")


def cases(outcomes: dict[str, Outcome], rule: str = "symmetric", severity: Severity = "must") -> list[ResultLine]:
    """A case of each clause that any use rests on; it passes unless `outcomes` says otherwise."""
    ids = dict.fromkeys([*BASE, *(id for use in USES for id in use.clauses)])
    dtypes = {"NUM-2": "float16", "IDX-8": "float16", "NUM-1": "float64", "GRD-9": "float64"}
    return [
        result(
            outcomes.get(id, "pass"),
            id,
            id=f"{id}/{rule}/{dtype}",
            rule=rule,
            severity=severity,
            dtype=dtype,
            device="cuda" if id in ("DEV-1", "DEV-2") else "cpu",
        )
        for id in ids
        for dtype in ((dtypes[id],) if id in dtypes else ("float32", "float16", "float64"))
    ]


def fit(made: Record) -> dict[str, Fitness]:
    return {one.use.words: one for one in fitness(made, "tiny")}


def test_a_target_that_passes_all_is_safe_for_all() -> None:
    assert {one.state for one in fit(record(*cases({}))).values()} == {"safe"}


@pytest.mark.parametrize("use", USES, ids=lambda use: use.words)
@pytest.mark.parametrize("outcome", ["fail", "error", "crash", "timeout", "xfail"])
def test_a_use_is_not_safe_where_one_of_its_clauses_does_not_hold(use: object, outcome: Outcome) -> None:
    assert use in USES
    for one in USES:
        if one is not use:
            continue
        for id in one.clauses:
            found = fit(record(*cases({id: outcome})))[one.words]
            assert (found.state, id in found.against) == ("unsafe", True), id


@pytest.mark.parametrize("outcome", ["unsupported", "not-run"])
def test_what_was_not_judged_is_not_known(outcome: Outcome) -> None:
    found = fit(record(*cases({"DEV-4": outcome})))
    assert (found["autocast"].state, found["autocast"].against) == ("unknown", ("DEV-4",))
    assert found["training"].state == "safe"


def test_a_clause_that_was_not_asked_makes_a_use_unknown() -> None:
    found = fit(record(*(one for one in cases({}) if one.clause != "DEV-4")))
    assert found["autocast"].state == "unknown"


def test_nothing_but_another_quantizer_is_safe_without_right_thresholds() -> None:
    found = fit(record(*cases({"BND-3": "fail"})))
    assert {one.use.words for one in found.values() if one.state != "unsafe"} == {"residual stages"}


def test_residual_stages_rest_on_nothing_but_the_clauses_about_them() -> None:
    results = [one for one in cases({}, rule="residual") if one.clause.startswith("RES-")]
    assert fit(record(*results))["residual stages"].state == "safe"
    for clause in ("RES-11", "RES-13"):  # stages that cannot be trained are no more use than those that do not refine
        broken = [one for one in cases({clause: "fail"}, rule="residual") if one.clause.startswith("RES-")]
        found = fit(record(*broken))["residual stages"]
        assert (found.state, found.against) == ("unsafe", (clause,))


def test_a_use_that_is_safe_under_one_rule_names_it() -> None:
    found = fit(record(*cases({}), *cases({"GRD-1": "fail"}, rule="widened")))["training"]
    assert found.words == "training (symmetric only)"


def test_a_rule_under_which_a_clause_was_not_tried_is_not_called_safe() -> None:
    some = [one for one in cases({}, rule="widened") if one.clause != "DEV-4"]
    found = fit(record(*cases({"DEV-4": "fail"}), *some))["autocast"]
    assert found.state == "unsafe"


def test_symmetry_need_not_be_tried_under_a_lopsided_rule() -> None:
    found = fit(record(*(one for one in cases({}) if not one.clause.startswith("SYM-"))))
    assert found["training"].state == "safe"


def test_an_incomplete_run_calls_nothing_safe() -> None:
    assert fitness(record(*cases({}), footer=None), "tiny") == ()


def test_a_target_that_was_not_loaded_has_no_use() -> None:
    assert fitness(record(targets=(unloadable("tiny"),)), "tiny") == ()


def test_a_run_in_which_nothing_was_judged_calls_nothing_safe() -> None:
    results = (result("not-run"),)
    assert fitness(record(*results, targets=(target(results),)), "tiny") == ()


def test_every_use_rests_on_clauses_that_exist() -> None:
    from fsqcheck.conformance.clause import catalogue

    assert {id for use in USES for id in (*BASE, *use.clauses)} <= catalogue().keys()
