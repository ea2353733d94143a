"""The order of floats, and their bits."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from fsqcheck.reference import PRECISIONS, Precision, bit_pattern, every_value, from_ordinals, ordinals

HALVES = [PRECISIONS["float16"], PRECISIONS["bfloat16"]]
ALL = list(PRECISIONS.values())


def named(precision: Precision) -> str:
    return precision.name


def numbers(values: list[float], precision: Precision) -> list[int]:
    found: list[int] = ordinals(np.array(values, dtype=precision.dtype), precision).tolist()
    return found


def not_nan(precision: Precision) -> np.ndarray:
    return without_nans(every_value(precision))


def some_floats(precision: Precision) -> np.ndarray:
    bits = np.random.default_rng(11).integers(0, 2**63, size=5000).astype(precision.integer)
    return without_nans(np.concatenate([bits, -bits]).view(precision.dtype))


def without_nans(z: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        known: np.ndarray = z[~np.isnan(z)]
    return known


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_precision_is_that_of_the_format(precision: Precision) -> None:
    (here,) = numbers([1.0], precision)
    one, above = from_ordinals(np.array([here, here + 1]), precision).astype(np.float64)
    assert above - one == precision.eps == 2.0 ** (1 - precision.bits)
    assert precision.dtype.itemsize == precision.integer.itemsize


@pytest.mark.parametrize(
    ("name", "largest", "smallest_normal"),
    [
        ("float64", 1.7976931348623157e308, 2.0**-1022),
        ("float32", 2.0**128 - 2.0**104, 2.0**-126),
        ("float16", 65504.0, 2.0**-14),
        ("bfloat16", 2.0**128 - 2.0**120, 2.0**-126),
    ],
)
def test_the_largest_and_the_smallest_normal_number_are_those_of_the_format(
    name: str, largest: float, smallest_normal: float
) -> None:
    assert (PRECISIONS[name].largest, PRECISIONS[name].smallest_normal) == (largest, smallest_normal)
    assert numbers([math.inf], PRECISIONS[name])[0] - numbers([largest], PRECISIONS[name])[0] == 1


@pytest.mark.parametrize("precision", HALVES, ids=named)
def test_ordinals_of_every_16_bit_value_count_without_gaps(precision: Precision) -> None:
    found = ordinals(np.sort(not_nan(precision)), precision)
    assert np.unique(np.diff(found)).tolist() == [0, 1]
    assert (np.diff(found) == 0).sum() == 1  # the two zeros


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_ordinals_ascend_with_the_numbers(precision: Precision) -> None:
    z = np.sort(some_floats(precision))
    rising = np.diff(z.astype(np.longdouble)) > 0
    np.testing.assert_array_equal(np.diff(ordinals(z, precision)) > 0, rising)


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_floats_come_back_from_their_ordinals(precision: Precision) -> None:
    z = some_floats(precision)
    np.testing.assert_array_equal(from_ordinals(ordinals(z, precision), precision), z)
    assert from_ordinals(ordinals(z, precision), precision).dtype == precision.dtype


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_both_zeros_have_the_ordinal_0_and_come_back_positive(precision: Precision) -> None:
    assert numbers([0.0, -0.0], precision) == [0, 0]
    assert not np.signbit(from_ordinals(np.array([0]), precision)[0])


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_opposite_numbers_have_opposite_ordinals(precision: Precision) -> None:
    z = some_floats(precision)
    np.testing.assert_array_equal(ordinals(-z, precision), -ordinals(z, precision))


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_the_first_ordinals_are_the_smallest_subnormals(precision: Precision) -> None:
    low, high = from_ordinals(np.array([-1, 1]), precision).astype(np.float64)
    assert (low, high) == (-precision.smallest_normal * precision.eps, precision.smallest_normal * precision.eps)


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_numbers_beyond_the_infinities_become_infinite(precision: Precision) -> None:
    (top,) = numbers([math.inf], precision)
    found = from_ordinals(np.array([-top - 1, -top, top, top + 1, 2**62, -(2**62)]), precision).astype(np.float64)
    expected = [-math.inf, -math.inf, math.inf, math.inf]
    assert found[:4].tolist() == expected
    if precision.name != "float64":  # 2^62 is an ordinary float64
        assert found[4:].tolist() == [math.inf, -math.inf]


@pytest.mark.parametrize("precision", ALL, ids=named)
def test_nans_lie_beyond_the_infinities(precision: Precision) -> None:
    (top,) = numbers([math.inf], precision)
    positive, negative = numbers([math.nan, math.copysign(math.nan, -1.0)], precision)
    assert positive > top
    assert negative < -top


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 1)])
def test_ordinals_keep_the_shape(shape: tuple[int, ...]) -> None:
    precision = PRECISIONS["float32"]
    found = ordinals(np.ones(shape, dtype=np.float32), precision)
    assert found.shape == shape
    assert found.dtype == np.int64


@pytest.mark.parametrize("precision", HALVES, ids=named)
def test_every_16_bit_value_is_there_once(precision: Precision) -> None:
    z = every_value(precision)
    assert z.dtype == precision.dtype
    np.testing.assert_array_equal(z.view(np.uint16), np.arange(2**16))
    significand = 2 ** (precision.bits - 1)
    assert len(without_nans(z)) == 2**16 - 2 * (significand - 1)
    assert np.isinf(without_nans(z)).sum() == 2


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_formats_with_too_many_values_to_list_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} has too many values; give float16 or bfloat16"):
        every_value(PRECISIONS[name])


@pytest.mark.parametrize(
    ("value", "name", "bits"),
    [
        (1.0, "float64", "0x3ff0000000000000"),
        (1.0, "float32", "0x3f800000"),
        (1.0, "float16", "0x3c00"),
        (1.0, "bfloat16", "0x3f80"),
        (-0.0, "float32", "0x80000000"),
        (0.0, "float16", "0x0000"),
        (-math.inf, "bfloat16", "0xff80"),
        (5e-324, "float64", "0x0000000000000001"),
    ],
)
def test_a_bit_pattern_has_the_full_width_of_the_format(value: float, name: str, bits: str) -> None:
    assert bit_pattern(value, PRECISIONS[name]) == bits


def test_a_bit_pattern_of_a_numpy_scalar_is_that_of_its_number() -> None:
    assert bit_pattern(ml_dtypes.bfloat16(1.5), PRECISIONS["bfloat16"]) == "0x3fc0"
