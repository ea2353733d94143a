"""Every clause catches a quantizer that breaks it, says so in its own words, and lets right quantizers pass."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from fsqcheck.conformance.clause import FAMILIES, catalogue
from fsqcheck.conformance.plan import Wanted
from fsqcheck.conformance.run import Unwatched, run_suite
from fsqcheck.conformance.session import Session
from fsqcheck.reports import BAD, Record, ResultLine, read

from .mutants.table import MUTANTS, NOT_HERE, OFFENDERS, Offender


def ran(folder: Path, target: str | tuple[str, ...], rule: str, *clauses: str) -> Record:
    """The record of a quick run."""
    targets = (target,) if isinstance(target, str) else target
    session = Session(Wanted(targets, rules=(rule,), clauses=clauses))
    assert session.adapters, session.unavailable
    run_suite(session, folder / "r.jsonl", 1, Unwatched())
    return read(folder / "r.jsonl")


@pytest.mark.parametrize("offender", OFFENDERS, ids=lambda offender: f"{offender.clause}-{offender.name}")
def test_a_wrong_quantizer_is_caught(offender: Offender, tmp_path: Path) -> None:
    results = ran(tmp_path, offender.target, offender.rule, offender.clause).results
    messages = [result.message or "" for result in results if result.outcome == "fail"]
    assert any(offender.says in message for message in messages), [(r.id, r.outcome, r.message) for r in results]


@pytest.mark.parametrize("rule", ["widened", "symmetric"])
@pytest.mark.parametrize("door", ["class", "adapter"])
def test_the_right_quantizer_below_the_wrong_ones_is_not_blamed(door: str, rule: str, tmp_path: Path) -> None:
    record = ran(tmp_path, Offender("Right", "", "", rule, door).target, rule)
    assert bad(record.results) == []


def bad(results: Sequence[ResultLine]) -> list[tuple[str, str | None]]:
    return [(result.id, result.message) for result in results if result.outcome in BAD]


def test_every_clause_has_an_offender() -> None:
    assert {offender.clause for offender in OFFENDERS} == set(catalogue()) - NOT_HERE


def test_every_mutant_is_an_offender() -> None:
    named = set()
    for family, _ in FAMILIES.values():
        module = importlib.import_module(f"{MUTANTS}.{family}")
        named |= {name for name, value in vars(module).items() if isinstance(value, type) and _made_in(module, value)}
    assert named - _TOOLS == {offender.name for offender in OFFENDERS} - {"Right"}


#: What the files of mutants import, and no mutants.
_TOOLS = {"Answer", "Changed", "FSQ", "Tensor", "TorchFSQ"}


def _made_in(module: ModuleType, value: type) -> bool:
    """Whether a class is the module's own or was made for it by a function of making.py."""
    return value.__module__ in (module.__name__, f"{MUTANTS}.making")
