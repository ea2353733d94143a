"""What a judgement shows of a wrong quantizer: the smallest input, both answers, the distance, and where a step went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fsqcheck.adapters import Capability, Identity, NativeAdapter
from fsqcheck.adapters.bridge_numpy import NumpyBridge
from fsqcheck.conformance import probes
from fsqcheck.conformance.case import Case
from fsqcheck.conformance.findings import Finding, NonConformanceError, NotJudgedError, UnsupportedError
from fsqcheck.conformance.judging import channels_with_bands, distinct, in_words, judge_grid, judge_levels, same_codes
from fsqcheck.conformance.subject import Subject
from fsqcheck.reference import FSQ, staircase

Spoil = Callable[[Any], Any]
RULE = "symmetric"


class Spoiled(FSQ):
    """The reference, with its input or its codes spoiled."""

    def __init__(self, levels: tuple[int, ...], rule: str, before: Spoil, after: Spoil) -> None:
        super().__init__(levels, rule)
        self._before, self._after = before, after

    def __call__(self, z: Any) -> Any:
        codes, indices = super().__call__(self._before(z).astype(z.dtype))
        return self._after(codes).astype(z.dtype), indices


def same(values: Any) -> Any:
    return values


def subject_of(
    levels: tuple[int, ...] = (5,),
    *,
    before: Spoil = same,
    after: Spoil = same,
    dtype: str = "float32",
    rule: str = RULE,
    layout: str = "BTd",
) -> Subject:
    """A case of a spoiled reference."""
    adapter = NativeAdapter(
        Identity("spoiled", None, None, "numpy"),
        NumpyBridge(),
        lambda setup: Spoiled(setup.levels, setup.rule, before, after),
        layouts=(layout,),
        offers=frozenset({Capability.INDICES}),
    )
    return Subject(Case("spoiled", "BND-3", rule, levels, dtype, "cpu", "eval"), adapter)


def column(*values: float, channels: int = 1, dtype: str = "float32") -> Any:
    return np.repeat(np.array(values)[:, None], channels, axis=1).astype(dtype)


def levels_fault(subject: Subject, vectors: Any) -> Finding:
    """What `judge_levels` finds in the answer to these vectors."""
    with pytest.raises(NonConformanceError) as caught:
        judge_levels(subject, vectors, subject.ask(vectors), subject.held)
    return caught.value.finding


def grid_fault(subject: Subject, vectors: Any) -> Finding:
    """What `judge_grid` finds in the answer to these vectors."""
    with pytest.raises(NonConformanceError) as caught:
        judge_grid(subject, vectors, subject.ask(vectors), subject.held)
    return caught.value.finding


def shifted(z: Any) -> Any:
    return z + 0.25


# judge_levels


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_right_levels_are_not_blamed(dtype: str) -> None:
    subject = subject_of((2, 5, 8), dtype=dtype)
    vectors = probes.vectors(subject.rule, subject.levels, dtype, subject.held)
    judge_levels(subject, vectors, subject.ask(vectors), subject.held)


def test_the_message_names_levels_input_and_both_answers() -> None:
    # Thresholds of L = 5 at ±0.2554 and ±0.9730: 0.125 belongs to level 2 and lands at 0.375.
    found = levels_fault(subject_of(before=shifted), column(0.125))
    assert found.message == "L = 5: z = 0.125 takes level 3, not level 2"
    assert (found.observed, found.expected) == ("level 3, code 0.5", "level 2, code 0.0")


def test_the_smallest_wrong_input_is_shown_and_all_are_counted() -> None:
    found = levels_fault(subject_of(before=shifted), column(0.0, 0.875, 0.125, -0.375, 3.0))
    assert found.input is not None
    assert found.input.tolist() == [0.125]
    assert (found.wrong, found.tried) == (3, 5)


def test_the_worst_of_several_is_named_beside_the_smallest() -> None:
    found = levels_fault(subject_of(before=shifted), column(0.125, 0.9375))
    worst = staircase(subject_of().rule, 5, "float32").units(column(0.125)[:, 0], np.array([3]))[0]
    assert found.details["worst"] == f"{worst:.3g} tolerance units at z = 0.125 (0x3e000000)"


def test_one_wrong_input_alone_names_no_worst() -> None:
    assert "worst" not in levels_fault(subject_of(before=shifted), column(0.0, 0.125)).details


def test_the_distance_is_told_in_tolerance_units_and_in_ulps() -> None:
    stair = staircase(subject_of().rule, 5, "float32")
    found = levels_fault(subject_of(before=shifted), column(0.125))
    assert found.units == stair.units(column(0.125)[:, 0], np.array([3]))[0] > 1
    assert found.ulps == stair.ulps(column(0.125)[:, 0], np.array([3]))[0] > 1


def test_a_nan_code_is_no_level() -> None:
    found = levels_fault(subject_of(after=lambda codes: np.where(codes > 0.4, np.nan, codes)), column(0.5))
    assert found.observed == "no level (NaN), code nan"
    assert found.message == "L = 5: z = 0.5 takes no level (NaN), not level 3"


def test_an_input_inside_a_band_may_take_either_level() -> None:
    step = staircase(subject_of().rule, 5, "float32").steps[2:3]
    vectors = step[:, None]
    for subject in (subject_of(before=lambda z: z - 1e-7), subject_of(before=lambda z: z + 1e-7)):
        judge_levels(subject, vectors, subject.ask(vectors), subject.held)


def test_a_level_two_off_inside_a_band_is_told_with_both_that_are_allowed() -> None:
    vectors = staircase(subject_of().rule, 5, "float32").steps[2:3, None]
    assert "level 2 or 3" in levels_fault(subject_of(before=lambda z: z - 1), vectors).expected


def test_a_moved_step_is_shown_between_the_inputs_that_were_tried() -> None:
    found = levels_fault(subject_of(before=shifted), column(*np.arange(-2, 2, 0.0625).tolist()))
    assert found.details["step"].startswith("1 → 2 seen between -0.5625 and -0.5; exactly at -0.2554")


def test_the_wrong_channel_is_named() -> None:
    subject = subject_of((3, 5), before=lambda z: z + np.array([0.0, 0.25]))
    assert levels_fault(subject, column(0.125, channels=2)).details["channel"] == "1 (L = 5)"


def test_the_other_channels_are_zero_in_what_a_script_asks() -> None:
    subject = subject_of((3, 5), before=lambda z: z + np.array([0.0, 0.25]))
    probe = levels_fault(subject, column(0.125, channels=2)).probe
    assert probe is not None
    assert probe.array is not None
    assert probe.array.tolist() == [[[0.0, 0.125]]]


def test_the_whole_vector_is_shown_when_the_other_channels_matter() -> None:
    subject = subject_of((3, 5), before=lambda z: z + np.array([0.0, 2.0]) * z[..., :1])
    found = levels_fault(subject, column(0.125, channels=2))
    assert found.input is not None
    assert found.input.tolist() == [0.125, 0.125]
    assert found.input_note == "the other channels matter: the whole vector is shown"


def test_what_fails_in_company_only_says_in_which_row() -> None:
    subject = subject_of(before=lambda z: z + 0.25 * (z.shape[1] > 2))
    found = levels_fault(subject, column(0.0, 0.125, 0.0))
    assert found.input_note == "fails only as row 1 of an array of 3 vectors, not alone"


def test_a_layout_of_single_vectors_is_judged_too() -> None:
    found = levels_fault(subject_of(before=shifted, layout="d"), column(0.0, 0.125))
    assert found.message.startswith("L = 5: z = 0.125 takes level 3")


def test_what_no_band_can_judge_is_not_judged() -> None:
    subject = subject_of((64,), dtype="bfloat16")
    vectors = probes.vectors(subject.rule, subject.levels, "bfloat16", "bfloat16")
    with pytest.raises(NotJudgedError, match="the band covers every input"):
        judge_levels(subject, vectors, subject.ask(vectors), subject.held)


def test_channels_that_can_be_judged_are_judged_beside_those_that_cannot() -> None:
    assert channels_with_bands(subject_of((64, 5), dtype="bfloat16"), "bfloat16") == [1]


# judge_grid


@pytest.mark.parametrize("rule", ["paper", "widened", "symmetric", "symmetric-clamp"])
def test_codes_of_the_grid_are_not_blamed(rule: str) -> None:
    subject = subject_of((2, 5, 8), rule=rule)
    vectors = probes.vectors(subject.rule, subject.levels, "float32", subject.held)
    judge_grid(subject, vectors, subject.ask(vectors), subject.held)


def test_a_code_off_the_grid_is_shown_with_the_nearest_and_the_whole_grid() -> None:
    found = grid_fault(subject_of(after=lambda codes: codes + 0.125), column(0.0))
    assert found.message == "L = 5: z = 0.0 gives the code 0.125, which is none of the 5 grid values"
    assert found.expected == "code 0.0 ± 2.4e-07, the nearest of {-1, -0.5, 0, 0.5, 1}"


def test_two_eps_off_the_grid_are_allowed_and_three_are_not() -> None:
    eps = float(np.finfo(np.float32).eps)
    near, far = subject_of(after=lambda codes: codes + 2 * eps), subject_of(after=lambda codes: codes + 3 * eps)
    judge_grid(near, column(0.0), near.ask(column(0.0)), near.held)
    assert grid_fault(far, column(0.0)).units == pytest.approx(1.5, abs=0.01)


def test_a_level_past_the_ends_is_off_the_grid() -> None:
    found = grid_fault(subject_of(after=lambda codes: codes * 1.5), column(9.0))
    assert (found.observed, found.expected[:9]) == ("code 1.5", "code 1.0 ")


def test_a_nan_is_off_the_grid_without_a_finite_distance() -> None:
    found = grid_fault(subject_of(after=lambda codes: codes * np.nan), column(0.5))
    assert (found.observed, found.units) == ("code nan", None)


def test_the_smallest_input_off_the_grid_is_shown_and_all_are_counted() -> None:
    found = grid_fault(subject_of(after=lambda codes: np.where(codes > 0, codes + 0.125, codes)), column(-3, 2, 0.5, 1))
    assert found.input is not None
    assert found.input.tolist() == [0.5]
    assert (found.wrong, found.tried) == (3, 4)


def test_a_code_off_the_grid_in_company_only_names_its_row() -> None:
    subject = subject_of(after=lambda codes: codes + 0.125 * (codes.shape[1] > 1))
    assert grid_fault(subject, column(0.0, 0.5)).input_note == "row 0 of 2 vectors"


# the small parts


# same_codes


@pytest.mark.parametrize("moved", [0.0, 1e-7, -1e-7])
def test_codes_that_differ_by_their_rounding_are_the_same(moved: float) -> None:
    codes = column(-1.0, 0.5, 0.0)
    same_codes(subject_of(), codes + np.float32(moved), codes, "in training mode")


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (column(-1.0, 0.0, 0.0), "the levels in training mode"),
        (column(-1.0, 0.5, 0.01), "the codes in training mode are wrong"),
        (column(-1.0, 0.5, np.nan), "the levels in training mode"),
        (column(-1.0, 0.5), "have the wrong shape"),
    ],
)
def test_other_levels_codes_nans_and_shapes_are_not_the_same(codes: Any, words: str) -> None:
    with pytest.raises(NonConformanceError, match=words):
        same_codes(subject_of(), codes, column(-1.0, 0.5, 0.0), "in training mode")


def test_few_numbers_are_all_said_and_long_lists_lose_their_middle() -> None:
    assert in_words(np.array([-1.0, -0.0, 1 / 3])) == "{-1, 0, 0.333333}"
    assert in_words(np.arange(12.0)) == "{0, 1, 2, 3, …, 9, 10, 11}"


def test_nothing_is_an_empty_set() -> None:
    assert in_words(np.zeros(0)) == "{}"


def test_codes_closer_than_the_tolerance_count_as_one() -> None:
    assert distinct(np.array([1.0, 0.0, 1e-7, 0.5, 0.5]), 1e-3).tolist() == [0.0, 0.5, 1.0]


def test_codes_that_are_not_finite_are_none() -> None:
    assert distinct(np.array([np.nan, np.inf, -np.inf]), 1e-3).tolist() == []


def test_a_subject_without_a_capability_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="it declares no codes_to_indices"):
        subject_of().needs(Capability.ENCODE, Capability.INDICES)


def test_codes_far_off_the_grid_read_as_the_level_they_are_nearest_to() -> None:
    codes = np.array([[-1.5], [-1.0], [0.2], [1.0], [np.nan], [np.inf]])
    assert subject_of().read(codes)[:, 0].tolist() == [-1, 0, 2, 4, -1, -1]
