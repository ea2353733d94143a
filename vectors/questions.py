"""Few inputs that show much: the idea of conformance/probes.py, thinned until a file of them stays small.

Everything is made of exact thresholds by whole-number steps along the floats, so that every machine makes the same.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from ..conformance.asking import Asking
from ..conformance.probes import level_centres
from ..reference import PRECISIONS, Array, Precision, Rule, Staircase, from_ordinals, ordinals, staircase

#: So many steps of all channels together are tried closely; of a channel with more, its ends and some between.
_STEPS = 40
#: Distances from a band, in its widths; the first ones are near enough to see a threshold that is slightly off.
_WIDTHS = (1, 8, 256)
#: How many floats of every magnitude each channel gets.
_MAGNITUDES = 12
#: How many codes are asked where the codebook has more.
_CODES = 96


@lru_cache(maxsize=64)
def probes(rule: Rule, levels: tuple[int, ...], dtype: str, held: str) -> Array:
    """(N, d) finite inputs: both sides of the borders of the bands, of one channel at a time; level centres; magnitudes.

    A vector has at most one number inside a band, so that at most two indices are allowed for it.
    """
    random = np.random.default_rng([len(levels), PRECISIONS[dtype].bits])
    close, clear = [], []
    for L in levels:
        stair = staircase(rule, L, dtype, held)
        inside, outside = _sorted_out(stair, _near(stair, len(levels)))
        far = np.concatenate([level_centres(rule, L, dtype), *_far(PRECISIONS[dtype])])
        more, away = _sorted_out(stair, far)
        close.append(np.concatenate([inside, more]))
        clear.append(random.permutation(np.concatenate([outside, away])))
    rows = sum(map(len, close))
    longest = max(rows, *(len(values) + len(own) for values, own in zip(clear, close, strict=True)))
    columns, start = [], 0
    for inside, outside in zip(close, clear, strict=True):
        own = np.zeros(longest, dtype=bool)
        own[start : start + len(inside)] = True
        column = np.empty(longest, dtype=outside.dtype)
        column[own], column[~own] = inside, np.resize(outside, longest - len(inside))
        columns.append(column)
        start += len(inside)
    return np.stack(columns, axis=-1)


def _near(stair: Staircase, channels: int) -> Array:
    """Numbers at the borders of the bands, at the steps, and some widths of the band away."""
    known = np.flatnonzero(np.isfinite(stair.lo.astype(np.float64)) & np.isfinite(stair.hi.astype(np.float64)))
    most = max(2, _STEPS // channels)
    if len(known) > most:
        known = known[np.unique(np.linspace(0, len(known) - 1, most).round().astype(int))]
    lo, step, hi = (ordinals(border[known], stair.dtype) for border in (stair.lo, stair.steps, stair.hi))
    width = np.maximum(hi - lo, 1)
    found = [border + beside for border in (lo, step, hi) for beside in (-1, 0)]
    # Where a step lies at zero, its band is thousands of millions of floats wide, and so is everything beside it.
    found += [border + sign * width * widths for border, sign in ((lo, -1), (hi, 1)) for widths in _WIDTHS]
    return _fitting(np.unique(np.concatenate(found)), stair.dtype)


def _far(precision: Precision) -> tuple[Array, ...]:
    """An even ladder, and floats of every magnitude."""
    top = int(ordinals(np.array([precision.largest]), precision)[0])
    sizes = np.random.default_rng(precision.bits).integers(-top, top, size=_MAGNITUDES, endpoint=True)
    return np.linspace(-4, 4, 17).astype(precision.dtype), from_ordinals(sizes, precision)


def _fitting(numbers: Array, precision: Precision) -> Array:
    found = from_ordinals(numbers, precision)
    return found[np.isfinite(found.astype(np.float64))]


def _sorted_out(stair: Staircase, values: Array) -> tuple[Array, Array]:
    """The values inside a band, and those outside all."""
    lowest, highest = stair.allowed(values)
    return values[lowest != highest], values[lowest == highest]


#: What a target is asked whose answers are all in a file.
IN_A_FILE = Asking(probes=probes, ramps=probes, alone=False)


def slope_inputs(rule: Rule, levels: tuple[int, ...], dtype: str, held: str) -> Array:
    """(N, d) inputs over the active range and into saturation, each channel in its own order, kinks left out."""
    spread = np.concatenate([np.linspace(-6, 6, 37), [-30.0, 30.0, 0.0]])
    columns = []
    for channel, L in enumerate(levels):
        z = np.roll(spread, 7 * channel)
        shift = rule.constants(L).rounded.shift
        for kink in rule.activation.kinks:
            z = np.where(np.abs(z + shift - kink) < 64 * PRECISIONS[held].eps, 0.25, z)
        columns.append(z)
    return np.stack(columns, axis=-1).astype(PRECISIONS[dtype].dtype)


def settled(rule: Rule, levels: tuple[int, ...], dtype: str) -> Array:
    """(N, d) level centres: every code of a small codebook; of others its ends, each channel one level up, and samples."""
    centres = [level_centres(rule, L, dtype) for L in levels]
    if prod(map(len, centres)) <= _CODES:
        grids = np.meshgrid(*centres, indexing="ij")
        return np.stack([grid.ravel() for grid in grids], axis=-1)
    steps = np.eye(len(levels), dtype=np.int64)
    ends = np.array([[0] * len(levels), [len(centre) - 1 for centre in centres]])
    random = np.random.default_rng(len(levels))
    samples = np.stack([random.integers(len(centre), size=_CODES) for centre in centres], axis=-1)
    chosen = np.concatenate([ends, ends[:1] + steps, ends[1:] - steps, samples])
    return np.stack([centre[chosen[:, i]] for i, centre in enumerate(centres)], axis=-1)
