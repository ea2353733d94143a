"""Level indices pack into one exact integer, and back."""

from __future__ import annotations

import dataclasses
import random
from math import prod
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsqcheck.reference import LARGEST_SIZE, RECOMMENDED, Codebook

from . import oracle

level_lists = st.lists(st.integers(2, 2**20), min_size=1, max_size=62).map(
    lambda sizes: [size for i, size in enumerate(sizes) if prod(sizes[: i + 1]) <= LARGEST_SIZE]
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sizes=level_lists, seed=st.integers(0, 2**32))
def test_an_index_is_the_oracles_and_unpacks_to_its_level_indices(sizes: list[int], seed: int) -> None:
    draw = random.Random(seed)
    rows = [[draw.randrange(size) for size in sizes] for _ in range(5)]
    rows += [[0] * len(sizes), [size - 1 for size in sizes]]
    codebook = Codebook(sizes)
    packed = codebook.pack(np.array(rows))
    assert packed.tolist() == [oracle.index(row, sizes) for row in rows]
    assert codebook.unpack(packed).tolist() == rows


@settings(max_examples=100, deadline=None, derandomize=True)
@given(sizes=level_lists, seed=st.integers(0, 2**32))
def test_every_index_survives_the_way_through_its_level_indices(sizes: list[int], seed: int) -> None:
    codebook, draw = Codebook(sizes), random.Random(seed)
    index = np.array([0, codebook.size - 1, *(draw.randrange(codebook.size) for _ in range(5))])
    np.testing.assert_array_equal(codebook.pack(codebook.unpack(index)), index)


@pytest.mark.parametrize("sizes", [*RECOMMENDED.values(), (2,), (3, 2, 5)])
def test_a_whole_codebook_counts_up_with_the_first_channel_fastest(sizes: tuple[int, ...]) -> None:
    codebook = Codebook(sizes)
    everything = np.arange(codebook.size)
    levels = codebook.unpack(everything)
    np.testing.assert_array_equal(codebook.pack(levels), everything)
    np.testing.assert_array_equal(levels[:, 0], everything % sizes[0])
    assert len(np.unique(levels, axis=0)) == prod(sizes)


def test_the_recommended_levels_are_those_of_the_papers_table() -> None:
    lists = {"8,6,5": 2**8, "8,5,5,5": 2**10, "7,5,5,5,5": 2**12, "8,8,8,6,5": 2**14, "8,8,8,5,5,5": 2**16}
    assert {",".join(map(str, levels)): wanted for wanted, levels in RECOMMENDED.items()} == lists
    sizes = {wanted: Codebook(levels).size for wanted, levels in RECOMMENDED.items()}
    assert sizes == {2**8: 240, 2**10: 1000, 2**12: 4375, 2**14: 15360, 2**16: 64000}


def test_the_basis_is_the_weight_of_each_channel() -> None:
    codebook = Codebook([8, 5, 3])
    assert codebook.basis.tolist() == [1, 8, 40]
    assert codebook.basis.dtype == np.int64
    assert codebook.size == 120


@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("sizes", [(7,), (3, 2, 5), (8, 8, 8, 5, 5, 5), (2**31, 3, 2**29)])
def test_both_orders_are_numpys(sizes: tuple[int, ...], order: Literal["F", "C"]) -> None:
    codebook = Codebook(sizes, order)
    draw = np.random.default_rng(0)
    index = np.append(draw.integers(codebook.size, size=100), [0, codebook.size - 1])
    level = np.stack(np.unravel_index(index, sizes, order=order), axis=-1)
    np.testing.assert_array_equal(codebook.unpack(index), level)
    np.testing.assert_array_equal(codebook.pack(level), index)


def test_the_first_channel_is_the_least_significant_unless_it_is_said() -> None:
    assert Codebook([3, 5]) == Codebook([3, 5], "F") != Codebook([3, 5], "C")


@pytest.mark.parametrize("sizes", [[2] * 62, [4] * 31, [2**62], [2**31, 2**31]])
def test_the_largest_codebook_still_packs_exactly(sizes: list[int]) -> None:
    codebook = Codebook(sizes)
    last = np.array(sizes) - 1
    assert codebook.pack(last) == 2**62 - 1
    np.testing.assert_array_equal(codebook.unpack(np.array(2**62 - 1)), last)


@pytest.mark.parametrize("sizes", [[2] * 63, [4] * 31 + [2], [2**62 + 1], [16] * 16])
def test_a_codebook_beyond_2_to_the_62_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=r"make more than 2\^62 codes"):
        Codebook(sizes)


@pytest.mark.parametrize("bad", [True, 1, 0, -3, 8.0, 2.5, "8", None, np.float64(8)])
def test_a_level_that_is_no_whole_number_of_two_or_more_is_refused_by_its_name(bad: Any) -> None:
    with pytest.raises(ValueError, match="each must be a whole number ≥ 2") as refused:
        Codebook([5, bad])
    assert f"hold {bad!r}" in str(refused.value)


def test_no_levels_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="levels are empty"):
        Codebook([])


def test_levels_of_numpy_integers_become_python_integers() -> None:
    codebook = Codebook([np.int32(8), np.int64(5), np.int16(3)])  # type: ignore[list-item]  # what np.array hands out
    assert [type(size) for size in codebook.levels] == [int, int, int]


def test_codebooks_with_the_same_levels_are_equal() -> None:
    assert Codebook([8, 5]) == Codebook((8, 5))
    assert Codebook([8, 5]) != Codebook([5, 8])


def test_a_codebook_is_a_key_and_does_not_change() -> None:
    assert {Codebook([8, 5]): 1}[Codebook([8, 5])] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Codebook([8, 5]).levels = (3,)  # type: ignore[misc]  # that is what is refused


def test_a_bad_index_is_told_with_the_levels_as_they_are_written() -> None:
    with pytest.raises(ValueError, match=r"for levels \[8, 5\]$"):
        Codebook([8, 5]).unpack(np.array(40))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (2, 0), (2, 3, 4)])
def test_indices_of_any_shape_gain_and_lose_the_channel_axis(shape: tuple[int, ...]) -> None:
    codebook = Codebook([8, 5, 3])
    index = np.zeros(shape, dtype=np.int64) + 77
    levels = codebook.unpack(index)
    assert levels.shape == (*shape, 3)
    assert codebook.pack(levels).shape == shape
    np.testing.assert_array_equal(codebook.pack(levels), index)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "uint64", "int64"])
def test_integers_of_any_kind_pack_and_unpack_in_int64(kind: str) -> None:
    codebook = Codebook([100, 100, 100])
    packed = codebook.pack(np.array([99, 99, 99], dtype=kind))
    assert (int(packed), packed.dtype) == (999_999, np.dtype(np.int64))
    assert codebook.unpack(np.array([99], dtype=kind)).tolist() == [[99, 0, 0]]


@pytest.mark.parametrize("levels", [[8, 0], [0, 5], [-1, 0], [0, 2**40]])
def test_level_indices_outside_their_channel_are_refused(levels: list[int]) -> None:
    with pytest.raises(ValueError, match=r"level indices outside 0 … L-1 for levels \[8, 5\]"):
        Codebook([8, 5]).pack(np.array([[0, 0], levels]))


@pytest.mark.parametrize("index", [-1, 40, 2**62])
def test_an_index_outside_the_codebook_is_refused_by_its_value(index: int) -> None:
    with pytest.raises(ValueError, match=rf"index {index} is outside the codebook: 0 … 39 for levels \[8, 5\]"):
        Codebook([8, 5]).unpack(np.array([0, index]))


def test_an_unsigned_index_that_int64_would_wrap_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the codebook"):
        Codebook([8, 5]).unpack(np.array([2**64 - 1], dtype=np.uint64))
    with pytest.raises(ValueError, match="outside 0 … L-1"):
        Codebook([8, 5]).pack(np.array([2**64 - 1, 0], dtype=np.uint64))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3)])
def test_level_indices_with_the_wrong_number_of_channels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected level indices of shape \(…, 2\)"):
        Codebook([8, 5]).pack(np.zeros(shape, dtype=np.int64))


@pytest.mark.parametrize("kind", ["float64", "float32", "bool", "complex64"])
def test_what_is_no_integer_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=f"level indices must be integers, got {kind}"):
        Codebook([8, 5]).pack(np.zeros((1, 2), dtype=kind))
    with pytest.raises(ValueError, match=f"indices must be integers, got {kind}"):
        Codebook([8, 5]).unpack(np.zeros(1, dtype=kind))


def whole_codebook(sizes: tuple[int, ...]) -> np.ndarray:
    return Codebook(sizes).unpack(np.arange(prod(sizes)))


def summed_in_float32(coordinates: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    basis = np.cumprod([1, *sizes[:-1]]).astype(np.float32)
    total = np.zeros(len(coordinates), dtype=np.float32)
    for channel, weight in enumerate(basis):
        total = total + coordinates[:, channel] * weight
    return total


def test_a_float32_sum_is_wrong_from_2_to_the_22_and_the_exact_one_is_not() -> None:
    sizes, one, two = (265, 511, 31), np.float32(1), np.float32(2)
    levels = whole_codebook(sizes)
    spans = np.array(sizes, dtype=np.float32) - one
    codes = levels.astype(np.float32) * (two / spans) - one
    index = np.rint(summed_in_float32((codes + one) / (two / spans), sizes)).astype(np.int64)
    exact = Codebook(sizes).pack(levels)
    assert 2**22 < prod(sizes) < 1.001 * 2**22
    assert (index != exact).any()
    np.testing.assert_array_equal(exact, np.arange(prod(sizes)))


def test_an_int32_basis_wraps_at_nine_channels_of_sixteen_and_the_exact_one_does_not() -> None:
    wrapped = np.cumprod([1] + [16] * 8, dtype=np.int32)
    assert wrapped[-1] == 0
    assert Codebook([16] * 9).basis.tolist() == [16**i for i in range(9)]


def first_level_that_truncation_gets_wrong(L: int) -> int | None:
    levels, half = np.arange(L, dtype=np.float32), np.float32(L // 2)
    codes = (levels - half) / half
    wrong = np.flatnonzero((codes * half + half).astype(np.int64) != np.arange(L))
    return int(wrong[0]) if len(wrong) else None


def test_truncating_instead_of_rounding_is_wrong_from_26_levels() -> None:
    assert [L for L in range(2, 26) if first_level_that_truncation_gets_wrong(L) is not None] == []
    assert first_level_that_truncation_gets_wrong(26) is not None


@pytest.mark.parametrize(("sizes", "wrong"), [((26, 27, 39), True), ((26, 26, 26), True), ((25, 25, 25), False)])
def test_a_truncated_sum_is_wrong_where_its_channels_are(sizes: tuple[int, ...], wrong: bool) -> None:
    levels = whole_codebook(sizes)
    half = np.array(sizes, dtype=np.float32) // 2
    codes = (levels.astype(np.float32) - half) / half
    index = summed_in_float32(codes * half + half, sizes).astype(np.int64)
    assert (index != Codebook(sizes).pack(levels)).any() == wrong
