"""What is held against a target: whose band judges which input, how far a code may lie from the grid, what can be told apart."""

from __future__ import annotations

import numpy as np

from .precision import PRECISIONS
from .rules import Rule

#: The precision that a MUST holds against an input's dtype: float64 may be computed in float32 (docs/rules.md).
MUST_HOLD = {"float64": "float32", "float32": "float32", "float16": "float16", "bfloat16": "bfloat16"}
#: The precision that a SHOULD holds against it: 16-bit inputs computed in float32, float64 in float64.
SHOULD_HOLD = {"float64": "float64", "float16": "float32", "bfloat16": "float32"}
#: Correct codes lie within this many eps of the grid: scale, product and difference round once each (at most 1.5 eps).
GRID_EPS = 2.0


def grid_tolerance(rule: Rule, levels: int, held: str) -> float:
    """How far a code of a channel may lie from the grid, in codes, where the precision `held` is held against it."""
    ends = rule.grid.code(np.array([0, levels - 1]), levels)
    return GRID_EPS * PRECISIONS[held].eps * float(np.abs(ends).max())


def legible(rule: Rule, levels: int, held: str, dtype: str) -> bool:
    """Whether levels can be read off codes of a dtype: rounding stays well below half a step."""
    return grid_tolerance(rule, levels, held) + PRECISIONS[dtype].eps / 2 < rule.grid.step(levels) / 2
