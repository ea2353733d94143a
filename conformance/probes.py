"""The inputs of the fixed cases: around every threshold, everywhere else, and at the edges of a dtype."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS, Precision, Rule, Staircase, from_ordinals, ordinals, staircase

Array = NDArray[Any]

#: Floats to each side of a band's borders.
_BESIDE = np.array([-64, -16, -4, -2, -1, 0, 1, 2, 4, 16, 64])
#: Distances from a step in half-widths of its band.
_UNITS = np.array([1.05, 1.5, 2, 3, 5, 10, 30, 100, 300, 1e3, 1e4])
_NORMALS = 1500
_PATTERNS = 300


#: Where every rule has saturated, and ever larger inputs; 999 and its like, and 1e9, are what padding is marked with.
SATURATED = 20.0
_SIZES = (SATURATED, 99.0, 100.0, 999.0, 9999.0, 1e4, 6e4, 1e9, 1e10, 1e30)


def sizes(precision: Precision) -> tuple[float, ...]:
    """Sizes at which every rule has saturated, up to the largest float and infinity."""
    return (*(size for size in _SIZES if size <= precision.largest), precision.largest, np.inf)


@lru_cache(maxsize=2048)
def channel_probes(rule: Rule, levels: int, dtype: str, held: str) -> Array:
    """Finite inputs of one channel, 1-D: both sides of every band, level centres, normals, and floats of every size."""
    stair = staircase(rule, levels, dtype, held)
    precision = PRECISIONS[dtype]
    random = np.random.default_rng([levels, precision.bits])
    parts = [
        *(_beside(border, precision) for border in (stair.lo, stair.steps, stair.hi)),
        _by_units(stair),
        level_centres(rule, levels, dtype),
        random.normal(size=_NORMALS).astype(precision.dtype),
        np.linspace(-4, 4, 201).astype(precision.dtype),
        patterns(precision, random),
        edges(precision),
        # Where approximations of tanh change from one formula to the next: 0.625, 1, 1.25 …
        (np.arange(-64, 65) / 16).astype(precision.dtype),
    ]
    found = np.concatenate(parts)
    return random.permutation(found[np.isfinite(found.astype(np.float64))])


def _beside(border: Array, precision: Precision) -> Array:
    known = border[np.isfinite(border.astype(np.float64))]
    return from_ordinals((ordinals(known, precision)[:, None] + _BESIDE).ravel(), precision)


def _by_units(stair: Staircase) -> Array:
    """Inputs whose level coordinate is some half-widths away from each step."""
    finite = np.isfinite(stair.steps.astype(np.float64))
    steps = stair.steps.astype(np.float64)[finite]
    slope = stair.rule.slope(steps, stair.levels) * stair.rule.grid.half(stair.levels)
    with np.errstate(divide="ignore", over="ignore"):
        reach = (stair.half_width / slope)[:, None] * _UNITS
        places = np.concatenate([steps[:, None] - reach, steps[:, None] + reach]).ravel()
        return places.astype(stair.dtype.dtype)


@lru_cache(maxsize=1024)
def level_centres(rule: Rule, levels: int, dtype: str) -> Array:
    """One input in the middle of every reachable level, lowest first: where no rounding error matters."""
    precision = PRECISIONS[dtype]
    steps = staircase(rule, levels, dtype).steps.astype(np.float64)
    known = steps[np.isfinite(steps)]
    if not len(known):
        return np.zeros(1, dtype=precision.dtype)
    margin = max(1.0, float(np.ptp(known)) / max(len(known), 1))
    if margin > precision.largest - abs(known).max():
        margin = 1.0
    middles = np.concatenate([[known[0] - margin], (known[:-1] + known[1:]) / 2, [known[-1] + margin]])
    return middles.astype(precision.dtype)


def patterns(precision: Precision, random: np.random.Generator) -> Array:
    """Finite floats of every magnitude: random bit patterns."""
    top = int(ordinals(np.array([precision.largest]), precision)[0])
    return from_ordinals(random.integers(-top, top, size=_PATTERNS, endpoint=True), precision)


def edges(precision: Precision) -> Array:
    """±0, subnormals, the smallest normals, ±1, and large numbers up to the largest."""
    tiny = float(from_ordinals(np.array([1]), precision)[0])
    found = [
        0.0,
        tiny,
        precision.smallest_normal,
        precision.smallest_normal / 2,
        1.0,
        8.0,
        9.5,
        19.5,
        20.5,
        88.0,
        100.0,
    ]
    found += [710.0, 1e4, 6e4, precision.largest]
    both = np.array([sign * value for value in found for sign in (1.0, -1.0)])
    fitting: Array = both[np.abs(both) <= precision.largest].astype(precision.dtype)
    return fitting


@lru_cache(maxsize=32)
def ramps(levels: tuple[int, ...], dtype: str) -> Array:
    """Finite inputs without regard to any threshold: (N, d), each channel its own dense ramp, then floats of every size.

    Every channel rises through 2^14 numbers from -9 to 9, and through as many magnitudes as the dtype has exponents.
    """
    precision = PRECISIONS[dtype]
    random = np.random.default_rng([len(levels), precision.bits])
    ends = np.log2([precision.smallest_normal, precision.largest])
    with np.errstate(over="ignore"):  # the last exponent may round up to that of infinity
        sizes = np.exp2(np.linspace(ends[0], ends[1], 2048)).clip(max=precision.largest)
    columns = []
    for _ in levels:
        inner = np.linspace(-9.0, 9.0, 2**14) + random.uniform(0, 18 / 2**14)
        columns.append(np.concatenate([-sizes[::-1], inner, sizes]).astype(precision.dtype))
    return np.stack(columns, axis=-1)


def vectors(rule: Rule, levels: tuple[int, ...], dtype: str, held: str) -> Array:
    """The probes of every channel side by side: (N, d). Shorter ones are repeated."""
    columns = [channel_probes(rule, level, dtype, held) for level in levels]
    longest = max(len(column) for column in columns)
    return np.stack([np.resize(column, longest) for column in columns], axis=-1)


def settled(rule: Rule, levels: tuple[int, ...], dtype: str, count: int, seed: int = 0) -> Array:
    """(count, d) inputs near level centres, far from every band: their levels are beyond dispute."""
    random = np.random.default_rng([seed, count])
    columns = [random.choice(level_centres(rule, level, dtype), size=count) for level in levels]
    result: Array = np.stack(columns, axis=-1)
    return result


def every_code(rule: Rule, levels: tuple[int, ...], dtype: str) -> Array:
    """An input for each code of the codebook that can be reached: (N, d), the first channel fastest."""
    grids = np.meshgrid(*(level_centres(rule, level, dtype) for level in reversed(levels)), indexing="ij")
    return np.stack([grid.ravel() for grid in reversed(grids)], axis=-1)
