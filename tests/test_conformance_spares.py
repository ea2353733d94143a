"""What is right in another way is not blamed: no MUST fails, and what a quantizer lacks is unsupported, not an error."""

from __future__ import annotations

from pathlib import Path

import pytest

import fsqcheck
from fsqcheck.conformance.case import DRAWN_VARIANT
from fsqcheck.reports import BAD

from .test_conformance_catches import ran

RIGHT = Path(__file__).parent / "right_quantizers.py"

#: Each, and the SHOULDs that it is free to miss.
WAYS: dict[str, set[str]] = {
    "InNativeArithmetic": {"NUM-3"},
    "InFloat32": {"NUM-1", "GRD-9"},
    "SquashesByExponentials": {"NUM-1", "GRD-9"},
    "GivesInt32Indices": {"NUM-1", "GRD-9"},
    "HoldsItsCodebook": {"NUM-1", "GRD-9", "IDX-9", "IDX-11", "DEV-6"},
    "TakesThreeAxesOnly": {"NUM-1", "GRD-9"},
    "TakesNoFloat16": {"NUM-1", "GRD-9"},
    "GivesCodesOnly": {"NUM-1", "GRD-9"},
    "StraightThroughOnTheScaleOfCodes": {"NUM-1", "NUM-3"},
    "LooksUpItsThresholds": set(),
    "KeepsConstantsInBuffers": {"NUM-1", "GRD-9", "DEV-6"},
    "KeepsConstantsInParameters": {"NUM-1", "GRD-9", "DEV-6"},
    "HasAParametrization": {"NUM-1", "GRD-9"},
    "NoisesItsTraining": {"NUM-1", "GRD-9"},
    "IsNoModule": {"NUM-1", "GRD-9"},
    "is_a_function": {"NUM-1", "GRD-9"},
    "InNumpyWithoutVjp": set(),
    "InNumpyInNativeArithmetic": {"NUM-3"},
}


@pytest.mark.parametrize("name", WAYS)
def test_a_right_quantizer_in_a_way_of_its_own_is_spared(name: str, tmp_path: Path) -> None:
    results = ran(tmp_path, f"{RIGHT}:{name}", "widened").results
    bad = [(r.id, r.outcome, r.message) for r in results if r.outcome in BAD and r.clause not in WAYS[name]]
    assert bad == []


def test_the_formula_of_ifsq_is_spared(tmp_path: Path) -> None:
    results = ran(tmp_path, f"{RIGHT}:FollowsTheFormulaOfIfsq", "ifsq").results
    assert [(r.id, r.message) for r in results if r.outcome in BAD and r.clause not in ("NUM-1", "GRD-9")] == []


def test_one_that_takes_a_vector_at_a_time_is_asked_one_by_one() -> None:
    clauses = ("SHP-1", "SHP-6", "IDX-1", "IDX-13", "GRD-7", "GRD-9", "DEV-3")
    record = fsqcheck.check(f"{RIGHT}:TakesOneVectorOnly", rules=["widened"], levels=[(3, 2)], clauses=clauses)
    assert record.footer is not None
    assert record.footer.broke is None
    assert [(one.id, one.message) for one in record.results if one.outcome in BAD] == []
    assert any(one.outcome == "pass" for one in record.results if one.clause == "GRD-7")
    unsupported = {one.message for one in record.results if one.outcome == "unsupported"}
    assert "it takes one vector at a time" in unsupported


def test_constants_that_do_not_learn_are_spared_beside_projections_that_do() -> None:
    record = fsqcheck.check(f"{RIGHT}:holds_a_frozen_scale", rules=["widened"], clauses=["GRD-12"])
    assert [(one.outcome, one.message) for one in record.results] == [("pass", None)]


def test_what_a_compiler_sets_is_no_fault_of_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    record = fsqcheck.check(f"{RIGHT}:is_compiled", rules=["widened"], clauses=["TRN-9"])
    assert {(one.outcome, one.message) for one in record.results} == {("pass", None)}


@pytest.mark.parametrize("noise", [0.02, 0.5])
def test_what_is_drawn_and_answers_otherwise_when_asked_again_has_failed(noise: float) -> None:
    record = fsqcheck.check(f"{RIGHT}:NoisesItsTraining(noise={noise})", rules=["widened"], clauses=["GRD-7"])
    assert record.footer is not None
    assert record.footer.broke is None
    assert any(one.variant == DRAWN_VARIANT and one.outcome == "fail" for one in record.results)


def test_indices_without_a_sign_are_spared() -> None:
    clauses = ("IDX", "NUM-5", "NUM-6")
    record = fsqcheck.check(f"{RIGHT}:GivesUnsignedIndices", rules=["widened"], clauses=clauses)
    assert [(one.id, one.message) for one in record.results if one.outcome in BAD] == []
    assert {one.clause for one in record.results if one.outcome == "pass"} >= {"IDX-1", "IDX-6", "IDX-10", "NUM-5"}


@pytest.mark.parametrize("rule", ["widened", "symmetric"])
def test_our_own_quantizer_is_asked_everything(rule: str) -> None:
    record = fsqcheck.check("torch-fsq", rules=[rule])
    silent = {one.clause for one in record.results if one.outcome not in ("pass", "not-run")}
    assert silent == set()
    assert {one.clause for one in record.results if one.outcome == "not-run"} == {"DEV-2"}  # there is no device


@pytest.mark.parametrize("levels", [(1001,), (256,), (63, 64), (2,), (1000,)])
@pytest.mark.parametrize("target", ["reference", "torch-fsq"])
def test_no_level_list_of_a_user_makes_a_right_quantizer_wrong(target: str, levels: tuple[int, ...]) -> None:
    record = fsqcheck.check(target, rules=["paper", "widened", "symmetric"], levels=[levels])
    assert [(one.id, one.message) for one in record.results if one.outcome in BAD] == []
    assert record.footer is not None
    assert record.footer.broke is None
