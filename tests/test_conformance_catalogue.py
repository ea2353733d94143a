"""The catalogue of clauses, linted: ids, order, words, and what design.md promises."""

from __future__ import annotations

import re

import pytest

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import FAMILIES, MUST, Clause, catalogue, clause, clause_of
from fsqcheck.conformance.session import checks

CLAUSES = tuple(catalogue().values())

#: What the first catalogue of the design promises, and the clauses that keep the promise.
PROMISED: dict[str, tuple[str, ...]] = {
    "codes on the grid": ("BND-1",),
    "every reachable level reached, no other": ("BND-2",),
    "thresholds within the band": ("BND-3",),
    "monotone": ("BND-4",),
    "saturation and ±inf": ("BND-5",),
    "scale, then round, then unscale": ("BND-6",),
    "mirrored code set": ("SYM-1",),
    "mirrored levels outside the bands": ("SYM-2",),
    "the tie at ±0": ("SYM-3",),
    "odd-L zero": ("SYM-4",),
    "what even L promises under each rule": ("SYM-5",),
    "every layout claimed, B ≠ d": ("SHP-1",),
    "B = 1, T = 1": ("SHP-2",),
    "empty": ("SHP-3",),
    "batch, slice and permutation invariance bit for bit": ("SHP-4", "SHP-5"),
    "strided and non-contiguous input": ("SHP-6",),
    "input not modified": ("SHP-7",),
    "num_codebooks": ("SHP-8",),
    "wrong channel count refused": ("SHP-9",),
    "whole codebook round trip": ("IDX-1",),
    "code → index → code": ("IDX-2",),
    "forward agrees with codes_to_indices": ("IDX-3",),
    "mixed-radix order": ("IDX-4",),
    "range, integer dtype, bijective": ("IDX-5",),
    "exact at 2^22, 2^24, 2^31 or refused at construction": ("IDX-6",),
    "per-channel L ≥ 26": ("IDX-7",),
    "low-precision codes": ("IDX-8",),
    "bad indices refused": ("IDX-9",),
    "decode keeps the layout": ("IDX-10",),
    "gradients equal to the surrogate's": ("GRD-1",),
    "diagonal": ("GRD-2",),
    "linear in the upstream": ("GRD-3",),
    "zero at saturation, non-zero before": ("GRD-4", "GRD-5"),
    "forward value untouched by the straight-through term": ("GRD-6",),
    "train equals eval": ("GRD-7",),
    "the gradient's dtype and shape": ("GRD-8",),
    "float64 accuracy": ("NUM-1", "GRD-9"),
    "every float16 and bfloat16 value": ("NUM-2", "NUM-3"),
    "subnormals, ±0": ("NUM-4",),
    "NaN": ("NUM-5", "NUM-6"),
    "large L": ("NUM-7",),
    "eval is deterministic and free of noise": ("TRN-1", "TRN-2"),
    "p is honoured": ("TRN-3",),
    "amplitude is half a step": ("TRN-4",),
    "indices stay valid": ("TRN-5",),
    "state_dict, deepcopy, pickle": ("TRN-6",),
    "outputs stay on the input's device": ("DEV-1",),
    "agrees with the CPU outside the bands": ("DEV-2",),
    "dtype moves, autocast": ("DEV-3", "DEV-4"),
    "compiled equals eager outside the bands": ("DEV-5",),
}


def ids(one: Clause) -> str:
    return one.id


@pytest.mark.parametrize("topic", PROMISED)
def test_every_promise_of_the_design_has_its_clauses(topic: str) -> None:
    assert set(PROMISED[topic]) <= set(catalogue())


def test_the_numbers_of_a_family_run_from_one_without_a_gap() -> None:
    for family in FAMILIES:
        numbers = sorted(int(one.id.partition("-")[2]) for one in CLAUSES if one.family == family)
        assert numbers == list(range(1, len(numbers) + 1)), family


def test_the_families_come_in_their_order() -> None:
    assert list(dict.fromkeys(one.family for one in CLAUSES)) == list(FAMILIES)


def test_no_two_clauses_share_a_sentence_or_a_title() -> None:
    assert len({one.sentence for one in CLAUSES}) == len({one.title for one in CLAUSES}) == len(CLAUSES)


@pytest.mark.parametrize("one", CLAUSES, ids=ids)
def test_a_clause_is_a_sentence_with_a_full_stop(one: Clause) -> None:
    assert re.fullmatch(r"[A-Z].*\S\.", one.sentence)


@pytest.mark.parametrize("one", CLAUSES, ids=ids)
def test_a_clause_says_what_a_failure_means(one: Clause) -> None:
    assert re.fullmatch(r".*\S\.", one.meaning)


@pytest.mark.parametrize("one", CLAUSES, ids=ids)
def test_a_clause_has_a_short_title(one: Clause) -> None:
    assert 0 < len(one.title) <= 40
    assert not one.title.endswith(".")


@pytest.mark.parametrize("one", CLAUSES, ids=ids)
def test_a_clause_names_its_source(one: Clause) -> None:
    assert re.search(r"arXiv|issue|docs/|design|vector-quantize-pytorch", one.source)


@pytest.mark.parametrize("one", CLAUSES, ids=ids)
def test_a_clause_has_a_severity_and_known_needs(one: Clause) -> None:
    assert one.severity in ("must", "should", "may")
    assert one.needs <= set(Capability)


def test_every_test_of_the_suite_checks_a_clause_of_the_catalogue() -> None:
    assert {one.id for one, _ in checks()} == set(catalogue())


@pytest.mark.parametrize("id", ["BND", "BND-0", "bnd-1", "BND-1a", "BOUND-1", "BND-01"])
def test_what_is_no_clause_id_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="is not a clause id such as BND-3"):
        clause(id, MUST, "A sentence.", title="t", source="s", meaning="m")


def test_a_function_without_a_clause_is_none_of_the_suite() -> None:
    assert clause_of(ids) is None
