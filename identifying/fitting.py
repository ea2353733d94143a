"""How a rule fits what one channel answered: every level within the bands, every code on the grid, every tie as it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..reference import PRECISIONS, Array, Rule, staircase
from ..reference.holding import GRID_EPS
from .normal import Pieces, changed, pieces_of
from .tracing import Trace

#: Half-widths of the band that an answer just outside of it is away at the least.
_JUST_OUTSIDE = 1.001


@dataclass(frozen=True)
class Fit:
    """One rule against one channel; `units` as in `Nearness`, `share` of N(0,1) inputs with another level."""

    rule: Rule
    levels: int
    units: float
    codes: bool
    ties: bool
    share: float

    @property
    def good(self) -> bool:
        """Whether the rule can be what the channel computes; ties are borderline inputs, and decide nothing here."""
        return self.units <= 1.0 and self.codes


def fit(rule: Rule, trace: Trace, held: str) -> Fit:
    """Every answer of a channel against a rule that is defined for its L."""
    stair = staircase(rule, trace.levels, trace.precision.name, held)
    level = read(trace, rule, trace.values)
    lowest, highest = stair.allowed(trace.z)
    allowed = (lowest <= level) & (level <= highest)
    units = stair.units(trace.z, level)
    # The borders of the bands are exact and the formula is not: it tells how far, and they tell whether.
    units = np.where(allowed, np.minimum(units, 1.0), np.maximum(units, _JUST_OUTSIDE))
    return Fit(
        rule=rule,
        levels=trace.levels,
        units=float(units.max()),
        codes=trace.seen != "codes" or _on_grid(trace, rule, level, held),
        ties=tie_of(rule, trace.levels) in (None, observed_tie(trace, rule)),
        share=changed(observed_pieces(trace, rule), pieces_of(rule, trace.levels, trace.precision.name)),
    )


def read(trace: Trace, rule: Rule, values: Array) -> Array:
    """The level indices of values, int64, -1 for NaN: their rank where L of them were seen, else by the rule's grid."""
    known = np.isfinite(values)
    finite = trace.distinct[np.isfinite(trace.distinct)]
    if len(finite) == trace.levels == len(trace.distinct):
        return np.searchsorted(finite, values).astype(np.int64)
    if trace.seen == "codes":
        near = np.rint(rule.grid.coordinate(np.where(known, values, 0.0), trace.levels))
    else:
        gap = np.diff(finite).min() if len(finite) > 1 else 1.0
        near = np.rint((np.where(known, values, 0.0) - (finite[0] if len(finite) else 0.0)) / gap)
    return np.where(known, np.clip(near, -(2.0**31), 2.0**31), -1).astype(np.int64)


def observed_pieces(trace: Trace, rule: Rule) -> Pieces:
    """What was seen as a staircase: where it changes, and the levels of the pieces."""
    places, values = trace.steps
    return places, read(trace, rule, values)


def observed_steps(trace: Trace, rule: Rule) -> Array:
    """Where a level of at least k is first seen, k = 1 … L-1: float64, NaN where none is."""
    places, levels = observed_pieces(trace, rule)
    reached = [np.flatnonzero(levels >= k) for k in range(1, trace.levels)]
    return np.array([np.append(-np.inf, places)[at[0]] if len(at) else np.nan for at in reached])


def tie_of(rule: Rule, levels: int) -> tuple[int, int] | None:
    """The levels of +0 and -0 where z = 0 is a tie under a rule; None where it is none."""
    if rule.lopsided or levels % 2 == 1:
        return None
    up, down = rule.level(np.array([0.0, -0.0]), levels)
    return int(up), int(down)


def observed_tie(trace: Trace, rule: Rule) -> tuple[int, int]:
    """The levels that were seen at +0 and -0."""
    up, down = read(trace, rule, trace.zeros)
    return int(up), int(down)


def _on_grid(trace: Trace, rule: Rule, level: Array, held: str) -> bool:
    if not np.isfinite(trace.values).all():
        return False
    grid = rule.grid.code(level, trace.levels)
    tolerance = (
        GRID_EPS
        * PRECISIONS[held].eps
        * max(1.0, float(np.abs(rule.grid.code(np.arange(trace.levels), trace.levels)).max()))
    )
    return bool((np.abs(trace.values - grid) <= tolerance).all())
