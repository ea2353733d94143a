"""Every clause that is judged from answers catches a port that breaks it, and right ports are left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsqcheck.adapters import Setup, resolve
from fsqcheck.reference import FSQ, PRECISIONS, RULES, rule_named
from fsqcheck.reports import exit_status
from fsqcheck.vectors import make
from fsqcheck.vectors.judgements import TABLE

from .ports_miniatures import Fault, Port, judged, of_outcome, right

USUAL = (8, 5, 5, 5)


def follows(rule: str) -> Fault:
    """Computes another rule than it says."""
    return lambda port: right(make(port.rule, port.levels, port.z.dtype.name), rule)


def where(chosen: str, code: float) -> Fault:
    """Gives one code for some inputs."""

    def fault(port: Port) -> Port:
        z, tiny = port.wide(), PRECISIONS[port.z.dtype.name].smallest_normal
        rows = {
            "infinite": np.isinf(z),
            "zero": z == 0,
            "minus zero": (z == 0) & np.signbit(z),
            "subnormal": (z != 0) & (np.abs(z) < tiny),
            "NaN": np.isnan(z),
            "beside NaN": np.isnan(z).any(axis=1, keepdims=True) & ~np.isnan(z),
            "beyond three": (z > 3) & np.isfinite(z),
        }[chosen]
        return port.coded(lambda codes: np.where(rows, code, codes))

    return fault


def loses_the_top_level(port: Port) -> Port:
    step = np.array([rule_named(port.rule).grid.step(L) for L in port.levels])
    top = port.level() == np.array(port.levels) - 1
    return port.coded(lambda codes: np.where(top, codes - step, codes))


def packs_in_reverse(port: Port) -> Port:
    basis = np.cumprod([1, *port.levels[:0:-1]])[::-1]
    return replace(port, index=(port.level() * basis).sum(axis=1))


def counts_from_one(port: Port) -> Port:
    assert port.index is not None
    return replace(port, index=port.index + 1)


def sums_in_float32(port: Port) -> Port:
    basis = np.cumprod([1, *port.levels[:-1]]).astype(np.float32)
    return replace(port, index=(port.level().astype(np.float32) * basis).sum(axis=1, dtype=np.float32).astype(np.int64))


def cuts_its_levels(port: Port) -> Port:
    assert port.codes is not None
    half = np.array([L // 2 for L in port.levels], dtype=np.float32)
    level = np.nan_to_num(port.codes.astype(np.float32) * half + half).astype(np.int64)
    return replace(port, index=(level * np.cumprod([1, *port.levels[:-1]])).sum(axis=1))


def slopes(change: str) -> Fault:
    def fault(port: Port) -> Port:
        assert port.gradient is not None
        changed = {
            "double": port.gradient * 2,
            "none": port.gradient * 0,
            "straight through": np.ones_like(port.gradient),
        }
        return replace(port, gradient=changed[change])

    return fault


def tells_other_levels(port: Port) -> Port:
    return replace(port, told=np.minimum(port.level() + 1, np.array(port.levels) - 1))


def computes_in_float32(port: Port) -> Port:
    with np.errstate(over="ignore"):
        narrow = np.where(np.isnan(port.z), np.nan, port.z).astype(np.float32)
    codes, index = FSQ(port.levels, port.rule)(narrow)
    return replace(port, codes=codes.astype(np.float64), index=index)


FAULTS: tuple[tuple[str, Fault, str, tuple[int, ...], str], ...] = (
    ("BND-1", lambda port: port.coded(lambda codes: codes * 1.01), "widened", USUAL, "float32"),
    ("BND-2", loses_the_top_level, "widened", USUAL, "float32"),
    ("BND-3", follows("widened"), "paper", USUAL, "float32"),
    ("BND-3", follows("paper"), "widened", USUAL, "float64"),
    ("BND-3", follows("paper"), "paper-atanh", USUAL, "float32"),
    ("BND-3", follows("symmetric"), "widened", USUAL, "bfloat16"),
    ("BND-3-levels", tells_other_levels, "widened", USUAL, "float32"),
    ("BND-4", where("beyond three", -1.0), "widened", USUAL, "float32"),
    ("BND-5", where("infinite", float("nan")), "widened", USUAL, "float32"),
    ("BND-6", lambda port: port.coded(lambda codes: codes / 2), "widened", USUAL, "float32"),
    ("SYM-1", loses_the_top_level, "symmetric", USUAL, "float32"),
    ("SYM-2", follows("widened"), "symmetric", USUAL, "float32"),
    ("SYM-3", where("minus zero", -1 / 7), "symmetric", (8, 4), "float32"),
    ("SYM-3", follows("symmetric-even"), "symmetric", (6, 10), "float64"),
    ("SYM-4", where("zero", 0.5), "widened", (5, 5), "float32"),
    ("SYM-5", follows("widened"), "symmetric", (8, 4), "float32"),
    ("IDX-4", packs_in_reverse, "widened", USUAL, "float32"),
    ("IDX-4", packs_in_reverse, "widened", (5,) * 7, "float64"),
    ("IDX-5", counts_from_one, "widened", USUAL, "float32"),
    ("IDX-6", sums_in_float32, "widened", (16,) * 7, "float32"),
    ("IDX-7", cuts_its_levels, "widened", (26, 26, 26), "float32"),
    ("GRD-1", slopes("double"), "widened", USUAL, "float32"),
    ("GRD-4", slopes("straight through"), "symmetric", USUAL, "float32"),
    ("GRD-5", slopes("none"), "paper", USUAL, "float64"),
    ("NUM-1", computes_in_float32, "widened", USUAL, "float64"),
    ("NUM-4", where("subnormal", 1.0), "widened", USUAL, "float32"),
    ("NUM-5", where("NaN", 0.0), "widened", USUAL, "float32"),
    ("NUM-6", where("beside NaN", float("nan")), "widened", USUAL, "float32"),
)


@pytest.mark.parametrize(("clause", "fault", "rule", "levels", "dtype"), FAULTS)
def test_a_port_with_a_fault_is_caught(
    clause: str, fault: Fault, rule: str, levels: tuple[int, ...], dtype: str, tmp_path: Path
) -> None:
    record = judged(tmp_path, fault, rule, levels, dtype)
    failing = of_outcome(record, "fail")
    assert clause in failing, {name: result.message for name, result in failing.items()}
    found = failing[clause].evidence
    assert found is not None
    assert found.observed
    assert found.expected
    assert found.rerun == f"fsqcheck vectors check {tmp_path} {tmp_path}/answers.json"
    assert not of_outcome(record, "error")
    assert exit_status(record) == (1 if any(result.severity == "must" for result in failing.values()) else 0)


def test_every_clause_that_is_judged_has_a_port_that_breaks_it() -> None:
    assert {judgement.clause for judgement in TABLE} == {clause.removesuffix("-levels") for clause, *_ in FAULTS}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("rule", RULES)
def test_the_reference_conforms_to_its_own_vectors(rule: str, dtype: str, tmp_path: Path) -> None:
    for levels in ((8, 5, 5, 5), (3, 3), (7, 9), (2, 4, 6)):
        if all(rule_named(rule).levels_allowed(level) for level in levels):
            record = judged(tmp_path, lambda port: port, rule, levels, dtype)
            bad = of_outcome(record, "fail", "error", "unsupported")
            assert not bad, (levels, {name: result.message for name, result in bad.items()})
            assert exit_status(record) == 0


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("rule", RULES)
def test_a_right_port_in_other_arithmetic_is_left_alone(rule: str, dtype: str, tmp_path: Path) -> None:
    adapter = resolve("torch-fsq")

    def computed(port: Port) -> Port:
        quantizer = adapter.build(Setup(port.levels, rule, dtype, layout="Bd"))
        answer, gradient = quantizer.vjp(port.z, np.ones_like(port.z))
        assert answer.indices is not None
        return replace(
            port,
            codes=answer.codes.astype(np.float64),
            index=answer.indices.astype(np.int64),
            gradient=gradient.astype(np.float64),
        )

    for levels in ((8, 5, 5, 5), (3, 3), (7, 9), (2, 4, 6)):
        if all(rule_named(rule).levels_allowed(level) for level in levels):
            record = judged(tmp_path, computed, rule, levels, dtype)
            bad = of_outcome(record, "fail", "error", "unsupported")
            assert not bad, (levels, {name: result.message for name, result in bad.items()})


def test_a_float64_port_of_float32_accuracy_breaks_no_must(tmp_path: Path) -> None:
    record = judged(tmp_path, computes_in_float32, "widened", USUAL, "float64")
    assert set(of_outcome(record, "fail")) == {"NUM-1"}
    assert exit_status(record) == 0


def test_a_finding_names_the_vector_the_smallest_input_and_the_distance(tmp_path: Path) -> None:
    result = of_outcome(judged(tmp_path, follows("paper"), "widened", (8,)), "fail")["BND-3"]
    found = result.evidence
    assert found is not None
    row = int(found.details["vector"].split()[0])
    z = make("widened", (8,), "float32").z[row]
    assert [number.decimal for number in found.input] == [repr(float(z[0]))]
    assert found.distance is not None
    assert (found.distance.tolerance_units or 0) > 1
    assert found.script is None
    assert result.target == "miniature"


@pytest.mark.parametrize(
    ("silent", "unsupported"),
    [
        (lambda port: replace(port, index=None), {"IDX-4", "IDX-5"}),
        (lambda port: replace(port, gradient=None), {"GRD-1", "GRD-4", "GRD-5"}),
        (lambda port: replace(port, codes=None), {"BND-1", "BND-6", "SYM-1", "SYM-5", "IDX-4", "NUM-5", "NUM-6"}),
    ],
)
def test_what_a_port_does_not_tell_is_unsupported(silent: Fault, unsupported: set[str], tmp_path: Path) -> None:
    record = judged(tmp_path, silent, "widened", USUAL)
    assert set(of_outcome(record, "unsupported")) == unsupported
    assert not of_outcome(record, "fail", "error")
    assert record.targets[0].planned["BND-3"] == 1


def test_levels_alone_are_judged_by_the_staircase(tmp_path: Path) -> None:
    def only(change: int) -> Fault:
        return lambda port: replace(port, codes=None, index=None, gradient=None, told=port.level() + change)

    assert not of_outcome(judged(tmp_path, only(0), "widened", USUAL), "fail", "error")
    assert "BND-3" in of_outcome(judged(tmp_path, only(1), "widened", USUAL), "fail")


def test_an_index_outside_the_codebook_is_no_level(tmp_path: Path) -> None:
    def fault(port: Port) -> Port:
        return replace(port, codes=None, gradient=None, index=np.full(len(port.z), 2**40))

    failing = of_outcome(judged(tmp_path, fault, "widened", USUAL), "fail")
    assert "no level (NaN)" in (failing["BND-3"].message or "")
    assert "outside the codebook of 1000 codes" in (failing["IDX-5"].message or "")


def test_a_port_may_refuse_nan_and_nothing_else(tmp_path: Path) -> None:
    def refuses(bad: bool) -> Fault:
        return lambda port: replace(
            port, refused=frozenset(np.flatnonzero(np.isnan(port.wide()).any(axis=1) ^ bad).tolist())
        )

    assert exit_status(judged(tmp_path, refuses(False), "widened", USUAL)) == 0
    assert exit_status(judged(tmp_path, refuses(True), "widened", USUAL)) == 1
