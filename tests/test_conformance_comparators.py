"""The comparators are strict: every part of an answer fails on its own, and what is equal passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from fsqcheck.adapters import Probe
from fsqcheck.conformance.comparators import (
    integer_dtype,
    same_bits,
    same_dtype,
    same_integers,
    same_shape,
    within,
)
from fsqcheck.conformance.findings import Finding, NonConformanceError

NAN, INF = float("nan"), float("inf")


def fault(compare: Callable[[], None]) -> Finding:
    """What a comparison finds; a failure when it finds nothing."""
    with pytest.raises(NonConformanceError) as caught:
        compare()
    return caught.value.finding


def floats(*values: float, dtype: Any = np.float32) -> Any:
    return np.array(values, dtype=dtype)


DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


def test_an_equal_shape_passes() -> None:
    same_shape(np.zeros((2, 3)), (2, 3), "the codes")


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 1), (6,), ()])
def test_another_shape_fails(shape: tuple[int, ...]) -> None:
    found = fault(lambda: same_shape(np.zeros((2, 3)), shape, "the codes"))
    assert (found.message, found.observed) == ("the codes have the wrong shape", "shape (2, 3)")


def test_an_equal_dtype_passes() -> None:
    same_dtype(floats(1.0, dtype=ml_dtypes.bfloat16), "bfloat16", "the codes")


@pytest.mark.parametrize(("given", "wanted"), [(np.float64, "float32"), (np.float16, "bfloat16"), (np.int64, "int32")])
def test_another_dtype_fails(given: Any, wanted: str) -> None:
    found = fault(lambda: same_dtype(np.zeros(2, dtype=given), wanted, "the codes"))
    assert found.expected == f"dtype {wanted}"


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint64])
def test_every_integer_dtype_passes(dtype: Any) -> None:
    integer_dtype(np.zeros(2, dtype=dtype), "the indices")


@pytest.mark.parametrize("dtype", [np.bool_, np.float32, np.complex64, np.object_, *DTYPES])
def test_what_is_no_integer_dtype_fails(dtype: Any) -> None:
    assert fault(lambda: integer_dtype(np.zeros(2).astype(dtype), "the indices")).expected == "an integer dtype"


# same_bits


@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_bits_pass_with_signed_zeros_infinities_and_nan(dtype: Any) -> None:
    values = floats(1.5, -0.0, 0.0, INF, -INF, NAN, dtype=dtype)
    same_bits(values, values.copy(), "the codes", "those before")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pair", [(1.0, 1.0078125), (0.0, -0.0), (INF, -INF), (NAN, 1.0), (1.0, NAN), (1.0, INF)])
def test_one_other_bit_fails(dtype: Any, pair: tuple[float, float]) -> None:
    one, other = floats(2.0, pair[0], dtype=dtype), floats(2.0, pair[1], dtype=dtype)
    found = fault(lambda: same_bits(one, other, "the codes", "those before"))
    assert (found.message, found.wrong, found.tried) == ("the codes differ from those before", 1, 2)


def test_nans_of_different_payload_are_the_same() -> None:
    payloads = np.array([0x7FC00000, 0xFFC00001], dtype=np.uint32).view(np.float32)
    same_bits(payloads[:1], payloads[1:], "the codes", "those before")


def test_equal_bits_of_another_dtype_fail() -> None:
    found = fault(lambda: same_bits(floats(1.0), floats(1.0, dtype=np.float64), "the codes", "those before"))
    assert found.message == "the codes have the wrong dtype"


def test_equal_bits_of_another_shape_fail() -> None:
    found = fault(lambda: same_bits(np.zeros((1, 2)), np.zeros((2, 1)), "the codes", "those before"))
    assert found.message == "the codes have the wrong shape"


def test_the_bits_of_what_is_not_contiguous_are_compared_as_it_reads() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    same_bits(values.T, np.ascontiguousarray(values.T), "the codes", "those before")
    found = fault(lambda: same_bits(values.T, values.reshape(3, 2), "the codes", "those before"))
    assert "position (0, 1)" in found.observed


def test_the_first_other_bit_is_shown_with_its_place() -> None:
    one, other = np.zeros((2, 3), dtype=np.float32), np.zeros((2, 3), dtype=np.float32)
    one[1, 2] = 0.5
    found = fault(lambda: same_bits(one, other, "the codes", "those before"))
    assert (found.observed, found.expected) == ("0.5 at position (1, 2)", "0.0, the same bits")


# same_integers


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.uint64])
def test_equal_integers_of_any_width_pass(dtype: Any) -> None:
    same_integers(np.array([0, 1, 255], dtype=dtype), np.array([0, 1, 255]), "the indices")


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_other_integer_fails_wherever_it_stands(wrong: int) -> None:
    observed = np.arange(3)
    observed[wrong] += 1
    found = fault(lambda: same_integers(observed, np.arange(3), "the indices"))
    assert (found.observed, found.expected) == (f"{wrong + 1} at position ({wrong})", f"{wrong}")


def test_equal_numbers_as_floats_fail() -> None:
    found = fault(lambda: same_integers(floats(0.0, 1.0), np.arange(2), "the indices"))
    assert found.message == "the indices are not integers"


def test_equal_integers_of_another_shape_fail() -> None:
    found = fault(lambda: same_integers(np.arange(2)[:, None], np.arange(2), "the indices"))
    assert found.message == "the indices have the wrong shape"


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_that_float64_cannot_tell_apart_fail(dtype: Any) -> None:
    found = fault(
        lambda: same_integers(np.array([2**60 + 1], dtype=dtype), np.array([2**60], dtype=np.int64), "the indices")
    )
    assert found.observed == f"{2**60 + 1} at position (0)"


def test_equal_large_integers_pass_as_uint64() -> None:
    same_integers(np.array([2**62 - 1], dtype=np.uint64), np.array([2**62 - 1], dtype=np.int64), "the indices")


def test_a_uint64_that_wraps_to_the_expected_int64_fails() -> None:
    fault(lambda: same_integers(np.array([2**64 - 1], dtype=np.uint64), np.array([-1]), "the indices"))


def test_a_single_integer_without_axes_can_be_wrong() -> None:
    found = fault(lambda: same_integers(np.array(3), np.array(4), "the index"))
    assert (found.wrong, found.tried, found.observed) == (1, 1, "3")


def test_no_integers_at_all_are_equal() -> None:
    same_integers(np.zeros((0, 3), dtype=np.int32), np.zeros((0, 3), dtype=np.int64), "the indices")


# within


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_lies_within_the_tolerance_passes(dtype: Any) -> None:
    within(floats(1.0, -1.0, INF, -INF, NAN, dtype=dtype), np.array([1.25, -1.25, INF, -INF, NAN]), 0.25, "the codes")


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [(1.0, 1.2501), (1.2501, 1.0), (NAN, 1.0), (1.0, NAN), (INF, 1.0), (1.0, INF), (INF, -INF), (NAN, INF)],
)
def test_what_lies_outside_the_tolerance_fails(seen: float, wanted: float) -> None:
    found = fault(lambda: within(floats(0.0, seen, dtype=np.float64), np.array([0.0, wanted]), 0.25, "the codes"))
    assert (found.message, found.wrong, found.tried) == ("the codes are wrong", 1, 2)


def test_the_tolerance_of_each_number_is_its_own() -> None:
    within(floats(1.0, 1.0), np.array([1.5, 1.05]), np.array([0.5, 0.1]), "the codes")
    found = fault(lambda: within(floats(1.0, 1.0), np.array([1.5, 1.05]), np.array([0.1, 0.5]), "the codes"))
    assert "position (0)" in found.observed


def test_a_relative_error_is_not_forgiven_where_the_absolute_one_is_too_large() -> None:
    assert fault(lambda: within(floats(1e6), np.array([1e6 + 1.0]), 0.25, "the codes")).units == 4.0


def test_the_worst_number_is_shown_in_units_of_its_tolerance() -> None:
    found = fault(lambda: within(floats(1.0, 5.0, 2.0, dtype=np.float64), np.zeros(3), 0.5, "the gradients"))
    assert (found.observed, found.expected, found.units) == ("5.0 at position (1)", "0.0 ± 0.5", 10.0)


def test_a_nan_has_no_finite_distance() -> None:
    assert fault(lambda: within(floats(NAN), np.zeros(1), 0.5, "the codes")).units is None


def test_equal_numbers_of_another_shape_fail() -> None:
    assert fault(lambda: within(np.zeros((1, 2)), np.zeros(2), 1.0, "the codes")).expected == "shape (2,)"


def test_a_finding_carries_its_probe() -> None:
    probe = Probe("forward", np.zeros(1))
    assert fault(lambda: same_shape(np.zeros(2), (3,), "the codes", probe)).probe is probe
    assert fault(lambda: within(np.ones(1), np.zeros(1), 0.5, "the codes", probe=probe)).probe is probe


def test_the_message_of_the_exception_says_what_was_observed_and_expected() -> None:
    with pytest.raises(NonConformanceError, match=r"the codes .*\n  observed: shape \(2,\)\n  expected: shape \(3,\)"):
        same_shape(np.zeros(2), (3,), "the codes")
