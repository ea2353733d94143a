"""The gate: every mutant is caught by the clause that claims it, no clause is idle, and none blames what it should not."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

import fsqcheck
from fsqcheck.conformance import run
from fsqcheck.conformance.clause import FAMILIES, catalogue, clause_of
from fsqcheck.conformance.plan import Wanted
from fsqcheck.conformance.run import Unwatched, run_suite
from fsqcheck.conformance.session import Session
from fsqcheck.reports import BAD, Record, ResultLine, read

from .mutants.business import LOOKS_AT, PARTS
from .mutants.matrix import SHARE, Catch, Objection, Sampled, first, matrix, objections
from .mutants.offender import HOMES, MUTANTS, Offender
from .mutants.table import OFFENDERS


def ran(folder: Path, target: str | tuple[str, ...], rule: str, *clauses: str) -> Record:
    """The record of a quick run."""
    targets = (target,) if isinstance(target, str) else target
    session = Session(Wanted(targets, rules=(rule,), clauses=clauses))
    assert session.adapters, session.unavailable
    run_suite(session, folder / "r.jsonl", 1, Unwatched())
    return read(folder / "r.jsonl")


def of_family(family: str) -> list[Offender]:
    return [offender for offender in OFFENDERS if offender.clause.startswith(f"{family}-")]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mutants_of_a_family_are_caught_and_nothing_else_is_blamed(family: str) -> None:
    clauses = [clause for clause in catalogue() if clause.startswith(f"{family}-")]
    assert [one.words for one in objections(matrix(of_family(family)), clauses)] == []


class Disabled:
    """A run's steering that skips the body of every test of one clause, as if its assertions were deleted."""

    clause = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        found = clause_of(pyfuncitem.function)
        return True if found is not None and found[0].id == self.clause else None


@pytest.mark.parametrize("clause", sorted({offender.clause for offender in OFFENDERS}))
def test_the_gate_objects_when_the_assertions_of_a_clause_are_deleted(
    clause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    offender = next(offender for offender in OFFENDERS if offender.clause == clause)
    steering = type("Steering", (Disabled, run._Steering), {"clause": clause})
    monkeypatch.setattr(run, "_Steering", steering)
    escaped = [one.words for one in objections(matrix([offender], clauses=[clause]), [])]
    assert escaped == [f"{offender.name} escapes {clause}; caught by nothing"]


# What is left out


def test_every_case_of_a_clause_that_does_not_claim_them_is_put_to_many_mutants() -> None:
    session = Session(Wanted(("torch-fsq",), rules=("widened",)))
    cases = {case.id: case.clause for case in session.cases("torch-fsq") if case.variant != "compiled"}
    asked: Counter[str] = Counter()
    mutants = [offender for offender in OFFENDERS if offender.rule == "widened" and offender.tier == "quick"]
    sampled = Sampled(mutants, SHARE)
    for mutant in mutants:
        target, silent_ones = mutant.target, mutant.silent
        kept = {id for id, clause in cases.items() if sampled.wanted(target, clause, id)}
        assert {id for id, clause in cases.items() if clause == mutant.clause} <= kept
        asked.update(id for id in kept if cases[id] in silent_ones)
        may = {id for id, clause in cases.items() if clause not in silent_ones and clause != mutant.clause}
        assert len(may) < 50 or 0.1 * len(may) < len(may & kept) < 0.4 * len(may)
    silences = Counter(clause for mutant in mutants for clause in mutant.silent)
    silent = {id for id, clause in cases.items() if silences[clause] >= 60}
    assert len(silent) > 200
    assert min(asked[id] for id in silent) >= 3, Counter(asked.values())


def test_what_only_pictures_need_is_not_measured(tmp_path: Path) -> None:
    mutant = OFFENDERS[0]
    session = Session(Wanted((mutant.target,), rules=(mutant.rule,), clauses=(mutant.clause,)))
    run_suite(session, tmp_path / "r.jsonl", 1, Unwatched(), (Sampled((mutant,), SHARE),))
    record = read(tmp_path / "r.jsonl")
    assert record.results
    assert not (*record.staircases, *record.gradients)


# The table


def test_every_clause_has_an_offender() -> None:
    assert {offender.clause for offender in OFFENDERS} == set(catalogue())


def test_every_clause_says_what_it_looks_at() -> None:
    assert set(LOOKS_AT) == set(catalogue())
    assert {part for looked in LOOKS_AT.values() for part in looked.split()} == set(PARTS)


def test_every_mutant_is_an_offender() -> None:
    named = set()
    for home in HOMES[1:]:
        module = importlib.import_module(f"{MUTANTS}.{home}")
        named |= {
            name for name, it in vars(module).items() if isinstance(it, type) and it.__module__ == module.__name__
        }
    assert named == {offender.name for offender in OFFENDERS} - {"Right"}


# The matrix itself, on outcomes that nobody ran

CAUGHT = Offender("ShiftsThresholds", "BND-3", "takes level", "level")
RIGHTLY = Catch(("z = 0.5 takes level 1",))


@pytest.mark.parametrize(
    ("caught", "words"),
    [
        ({}, "ShiftsThresholds escapes BND-3; caught by nothing"),
        ({"IDX-6": Catch(("x",))}, "ShiftsThresholds escapes BND-3; caught by IDX-6"),
        ({"BND-3": Catch(("says something else",))}, "ShiftsThresholds: BND-3 says 'says something else'"),
        ({"BND-3": RIGHTLY, "TRN-6": Catch(("x",))}, "TRN-6 fires on ShiftsThresholds, which spoils level only"),
    ],
)
def test_the_gate_names_what_is_wrong(caught: dict[str, Catch], words: str) -> None:
    assert words in [one.words for one in objections({CAUGHT: caught}, ["BND-3"])]


def test_the_gate_objects_to_a_clause_that_is_never_the_first() -> None:
    found = {CAUGHT: {"BND-2": Catch(("x",)), "BND-3": RIGHTLY}}
    words = "BND-3 is the first to catch no mutant: it adds nothing to those before it"
    assert list(objections(found, ["BND-3"])) == [Objection("BND-3", words)]


def test_the_gate_objects_to_a_clause_without_an_offender() -> None:
    assert list(objections({}, ["BND-3"])) == [Objection("BND-3", "BND-3 has no offender")]


def test_the_gate_is_content_with_what_is_as_claimed() -> None:
    assert list(objections({CAUGHT: {"BND-3": RIGHTLY}}, ["BND-3"])) == []


def test_a_clause_that_gets_no_answer_blames_nobody() -> None:
    found = {CAUGHT: {"BND-3": RIGHTLY, "TRN-6": Catch(raised=("pickling raised",))}}
    assert list(objections(found, ["BND-3"])) == []


def test_a_clause_that_gets_no_answer_is_not_the_first() -> None:
    assert first({"BND-1": Catch(raised=("x",)), "BND-3": RIGHTLY}) == "BND-3"


# The right quantizer below the wrong ones


@pytest.mark.parametrize("rule", ["widened", "symmetric"])
@pytest.mark.parametrize("door", ["class", "adapter"])
def test_the_right_quantizer_below_the_wrong_ones_is_not_blamed(door: str, rule: str, tmp_path: Path) -> None:
    record = ran(tmp_path, Offender("Right", "", "", "", rule, door).target, rule)
    assert bad(record.results) == []


# What one clause leaves to another


def test_indices_that_float32_codes_do_not_get_either_are_no_fault_of_half_precision() -> None:
    target = next(one.target for one in OFFENDERS if one.name == "OverflowsInt32")
    record = fsqcheck.check(target, rules=["widened"], clauses=["IDX-6", "IDX-8"])
    assert {id.split("/")[0] for id, _ in bad(record.results)} == {"IDX-6"}
    assert "pass" in {one.outcome for one in record.results if one.clause == "IDX-8"}


@pytest.mark.parametrize(
    ("name", "clauses"),
    [
        ("DetachesItsCodes", ("DEV-3", "DEV-6")),
        ("NegatesItsGradient", ("RES-17", "RES-18", "RES-19")),
        ("DetachesItsStages", ("RES-17", "RES-18", "RES-19")),
    ],
)
def test_a_gradient_that_is_never_right_is_no_fault_of_what_was_done_before(
    name: str, clauses: tuple[str, ...]
) -> None:
    record = fsqcheck.check(next(one.target for one in OFFENDERS if one.name == name), clauses=clauses)
    assert bad(record.results) == []
    assert {one.clause for one in record.results if one.outcome == "pass"} == set(clauses)


def bad(results: Sequence[ResultLine]) -> list[tuple[str, str | None]]:
    return [(result.id, result.message) for result in results if result.outcome in BAD]
