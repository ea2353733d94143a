"""What docs/rules.md says of the tolerance bands: their widths in floats, their conditioning, the zero step."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from fsqcheck.reference import PRECISIONS, RULES, every_value, from_ordinals, ordinals, staircase

from . import oracle

FLOAT32 = PRECISIONS["float32"]
TANH_RULES = ["paper", "paper-atanh", "widened", "symmetric"]


def floats_in_bands(rule: str, L: int) -> np.ndarray:
    """How many float32 lie in the band of each step but the one at zero."""
    stair = staircase(RULES[rule], L, "float32")
    held = ordinals(stair.hi, FLOAT32) - ordinals(stair.lo, FLOAT32)
    elsewhere: np.ndarray = held[stair.steps != 0]
    return elsewhere


def test_a_float32_band_of_up_to_five_symmetric_levels_holds_20_to_28_floats() -> None:
    held = np.concatenate([floats_in_bands("symmetric", L) for L in (3, 4, 5)])
    assert (held.min(), held.max()) == (20, 28)


@pytest.mark.parametrize("rule", TANH_RULES)
def test_half_of_all_float32_bands_hold_17_to_42_floats_and_none_fewer_than_11(rule: str) -> None:
    sizes = [L for L in range(3, 65) if oracle.EVERY_L[rule](L)]
    held = np.concatenate([floats_in_bands(rule, L) for L in sizes])
    assert 17 <= np.percentile(held, 25) <= np.percentile(held, 75) <= 42
    assert held.min() >= 11


@pytest.mark.parametrize("L", range(2, 65, 2))
def test_the_zero_step_of_symmetric_is_borderline_up_to_two_and_a_half_eps_and_a_little(L: int) -> None:
    stair = staircase(RULES["symmetric"], L, "float32")
    # |u - (k - ½)| = tanh|z|·(L-1)/2 ≤ 1.25·L·2^-23: 3e-7 for large L, 6e-7 at L = 2.
    limit = 2.5 * L / (L - 1) * 2.0**-23
    assert stair.hi[L // 2 - 1] == pytest.approx(limit, rel=1e-6)
    assert stair.lo[L // 2 - 1] == pytest.approx(-limit, rel=1e-6)
    assert stair.steps[L // 2 - 1] == 0.0


def naive_symmetric_float32(z: np.ndarray, L: int) -> np.ndarray:
    """(L-1)·(tanh(z) + 1)/2 + ½ in float32, as vector-quantize-pytorch has it; tanh(z) = z to float32 for tiny z."""
    one, two, half, span = (np.float32(x) for x in (1, 2, 0.5, L - 1))
    level: np.ndarray = np.floor(span * (z + one) / two + half)
    return level


@pytest.mark.parametrize(("L", "absorbed"), [(2, 868_220_927), (4, 855_638_016), (8, 855_638_016), (64, 855_638_016)])
def test_float32_absorbs_hundreds_of_millions_of_small_negatives_all_of_them_borderline(L: int, absorbed: int) -> None:
    last = from_ordinals(np.array([-absorbed, -absorbed - 1]), FLOAT32)
    assert naive_symmetric_float32(last, L).tolist() == [L // 2, L // 2 - 1]
    lowest, highest = staircase(RULES["symmetric"], L, "float32").allowed(last)
    assert (lowest.tolist(), highest.tolist()) == ([L // 2 - 1] * 2, [L // 2] * 2)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("rule", TANH_RULES)
def test_the_float32_band_holds_next_to_no_16_bit_value_but_small_ones_at_the_zero_step(rule: str, dtype: str) -> None:
    z = every_value(PRECISIONS[dtype])
    with np.errstate(invalid="ignore"):
        z = z[np.isfinite(z.astype(np.float64))]
    held = 0
    for L in (L for L in range(3, 65) if oracle.EVERY_L[rule](L)):
        lowest, highest = staircase(RULES[rule], L, dtype, "float32").allowed(z)
        borderline = z[lowest != highest].astype(np.float64)
        zero_step = rule == "symmetric" and L % 2 == 0
        held += int((np.abs(borderline) > (5e-7 if zero_step else 0.0)).sum())
    # 12 float16 values at 8 of the 62 sizes, 1 bfloat16 value.
    assert held <= (12 if dtype == "float16" else 1)


@pytest.mark.parametrize("rule", RULES)
def test_the_conditioning_of_the_shift_stays_below_the_number_of_levels(rule: str) -> None:
    for L in (L for L in range(3, 65) if oracle.EVERY_L[rule](L)):
        widest = L * 2.0**-52 * (1.5 if rule == "ifsq" else 1 if rule.endswith("-clamp") else 1.25)
        assert staircase(RULES[rule], L, "float64").half_width == widest, f"L = {L}"


def test_the_conditioning_of_the_shift_is_250_at_two_levels_under_widened() -> None:
    width = staircase(RULES["widened"], 2, "float32").half_width * 2**23
    assert width == pytest.approx(0.5005 / (1 - (1 / 1.001) ** 2), rel=1e-12)
    assert round(width, 1) == 250.6


@pytest.mark.parametrize("rule", ["paper", "symmetric", "symmetric-even", "widened-clamp", "symmetric-clamp"])
def test_the_conditioning_of_the_shift_is_small_at_two_levels_under_the_others(rule: str) -> None:
    rounding = 1.0 if rule.endswith("-clamp") else 1.25
    assert staircase(RULES[rule], 2, "float32").half_width == rounding * 2 * 2.0**-23


def test_float32_bands_of_float64_inputs_lie_around_those_of_float64() -> None:
    wide, narrow = (staircase(RULES["widened"], 8, "float64", held) for held in ("float32", "float64"))
    assert (wide.lo < narrow.lo).all()
    assert (narrow.hi < wide.hi).all()
    np.testing.assert_array_equal(wide.steps, narrow.steps)


SPELLINGS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "a sigmoid": lambda x: 2 * torch.sigmoid(2 * x) - 1,
    "an exponential": lambda x: 1 - 2 / (torch.exp(2 * x) + 1),
}


@pytest.mark.parametrize(
    ("spelling", "least", "most"), [("tanh", 0.5, 0.9), ("a sigmoid", 1.0, 1.2), ("an exponential", 0.5, 0.9)]
)
def test_tanh_in_float32_stays_within_the_band_however_it_is_written(spelling: str, least: float, most: float) -> None:
    worst = 0.0
    for rule, L in itertools.product(("paper", "widened", "symmetric"), (8, 14, 35, 41, 44, 45, 51)):
        stair, constants = staircase(RULES[rule], L, "float32"), RULES[rule].constants(L)
        steps = ordinals(stair.steps[np.isfinite(stair.steps)], FLOAT32)
        z = from_ordinals((steps[:, None] + np.arange(-400, 401)).ravel(), FLOAT32)
        shift, amplitude, offset = (
            torch.tensor(float(c)) for c in (constants.shift, constants.amplitude, constants.offset)
        )
        u = SPELLINGS[spelling](torch.from_numpy(z) + shift) * amplitude - offset + float(constants.centre)
        level = (torch.round(u) if RULES[rule].rounding == "half-even" else torch.floor(u + 0.5)).clamp(0, L - 1)
        worst = max(worst, stair.units(z, level.long().numpy()).max())
    # In the plain L·2^-23: the bands are 1.25 of it, for the sigmoid's sake.
    assert least < 1.25 * worst < most
