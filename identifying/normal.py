"""The share of N(0,1) numbers for which two staircases give different levels: exact, by the density between the steps."""

from __future__ import annotations

from math import erfc, prod, sqrt

import numpy as np

from ..reference import Array, Rule, staircase

#: Steps, and the level of each piece: (n,) rising numbers, -inf and +inf among them, and (n+1,) levels.
Pieces = tuple[Array, Array]


def pieces_of(rule: Rule, levels: int, dtype: str = "float64") -> Pieces:
    """A rule's staircase of L levels over the floats of a dtype."""
    steps = staircase(rule, levels, dtype).steps.astype(np.float64)
    return np.where(np.isnan(steps), np.inf, steps), np.arange(levels)


def changed(one: Pieces, other: Pieces) -> float:
    """The probability that a normal number takes different levels on the two staircases."""
    edges = np.unique(np.concatenate([one[0], other[0], [-np.inf, np.inf]]))
    # A piece is known by its left edge, where its level begins; below the lowest edge nothing has begun.
    levels = [pieces[1][np.searchsorted(pieces[0], edges[:-1], side="right")] for pieces in (one, other)]
    differ = levels[0] != levels[1]
    return sum(_mass(float(a), float(b)) for a, b in zip(edges[:-1][differ], edges[1:][differ], strict=True))


def changed_tokens(shares: list[float]) -> float:
    """The probability that at least one of independent channels changes."""
    return 1.0 - prod(1.0 - share for share in shares)


def _mass(low: float, high: float) -> float:
    """Φ(high) - Φ(low), in the tail where neither is near 1."""
    if low < 0:
        low, high = (-high, -low) if high <= 0 else (low, high)
    return 0.5 * (erfc(low / sqrt(2)) - erfc(high / sqrt(2)))
