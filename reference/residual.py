"""The residual rules: how stages of FSQ quantize what the stages before them left, as data.

For a channel with L levels and the input x:

    r_0     = first(x)                       the first residual
    y_i     = r_i / s_i                      what stage i is given; s_i = L^-i or (L-1)^-i
    r_{i+1} = r_i - s_i·code(level(y_i))     by the rule of the stages
    codes   = Σ s_i·code(level(y_i))

No paper defines this for FSQ: the rows are the four eras of vector-quantize-pytorch (issues 96, 166 and 230), after
algorithm 1 of arXiv 2107.03312. A new one is a new row of `RESIDUAL_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from .precision import Precision
from .rules import RULES, Rule
from .staircase import staircase

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: What a right computation adds at each step, in eps: a code is within 2 of the grid, its scale within 1, and the product
#: rounds once (½); the difference rounds by ½ of what is left; a quotient by ½ more than its scale.
_TERM, _DIFFERENCE, _QUOTIENT = 3.5, 0.5, 1.5


@dataclass(frozen=True)
class First:
    """The first residual: its value and its slope, of the input and L, under the rule of the stages, in float64.

    rounding: how far a right computation may be off, in eps.
    """

    name: str
    value: Callable[[Rule, Floats, int], Floats]
    slope: Callable[[Rule, Floats, int], Floats]
    rounding: Callable[[Rule, int], float]


def _reach(levels: int) -> float:
    """c = 1 + 1/(L-1): as far as the outermost cells of the symmetric grid reach."""
    return levels / (levels - 1)


def _soft_slope(_: Rule, x: Floats, levels: int) -> Floats:
    half: Floats = 1.0 / np.cosh(np.clip(x / _reach(levels), -400.0, 400.0))
    slope: Floats = half * half
    return slope


def _in_levels(stage: Rule, x: Floats, levels: int) -> Floats:
    """a(x + s)·h - o: the level coordinate from the middle, as the releases bound it, on the scale of levels."""
    u: Floats = stage.level_coordinate(x, levels) - stage.constants(levels).rounded.centre
    return u


RAW = First("x", lambda _, x, __: x, lambda _, x, __: np.where(np.isnan(x), np.nan, 1.0), lambda _, __: 0.0)
SOFT_CLAMP = First(
    "c·tanh(x/c), c = 1 + 1/(L-1)",
    lambda _, x, levels: _reach(levels) * np.tanh(x / _reach(levels)),
    _soft_slope,
    # x/c is off by 2 half-eps of itself, where t·tanh'(t) ≤ 0.45; tanh by 2 of them, c and the product by 2 more.
    lambda _, levels: 2.5 * _reach(levels),
)
BOUNDED = First(
    "a(x+s)·h - o: bounded, and once more by the first stage",
    _in_levels,
    lambda stage, x, levels: stage.slope(x, levels) * stage.grid.half(levels),
    lambda stage, levels: levels * float(stage.activation.rounding),
)


@dataclass(frozen=True)
class ResidualRule:
    """One row of the table in docs/rules.md. stage: the rule of every stage. shrink: s_i = (L - shrink)^-i."""

    name: str
    title: str
    source: str
    stage: Rule
    shrink: int
    first: First

    @property
    def levels_allowed(self) -> Callable[[int], bool]:
        """For which L it is defined: those of its stages."""
        return self.stage.levels_allowed

    @property
    def levels_words(self) -> str:
        """The same, said to people."""
        return self.stage.levels_words

    def scale(self, levels: int, stage: int) -> float:
        """s_i, what the codes of a stage are worth."""
        return float(levels - self.shrink) ** -stage

    def first_residual(self, x: NDArray[Any], levels: int) -> Floats:
        """r_0, float64: what the stages share out among them."""
        return self.first.value(self.stage, np.asarray(x, dtype=np.float64), levels)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """A rule of the table is copied and pickled by its name."""
        if RESIDUAL_RULES.get(self.name) is self:
            return residual_rule_named, (self.name,)
        return super().__reduce_ex__(protocol)

    def followed(self, x: NDArray[Any], levels: int, stages: int, held: Precision | None = None) -> Followed:
        """One channel's numbers, (N,), through all stages; with the bands of `held`, or none."""
        return _followed(self, np.asarray(x, dtype=np.float64), levels, stages, held)


@dataclass(frozen=True)
class Followed:
    """What becomes of the numbers of one channel: arrays (N, stages), but for `slope`, d r_0/d x, and `left`, (N,).

    given: y_i. level: the level indices. doubt: how far a right computation in `held` may have y_i off. settled: whether
    this level and all before it are beyond that doubt. gain: d code/d y_i of the smooth part. left: what no stage took.
    """

    given: Floats
    level: Integers
    doubt: Floats
    settled: NDArray[np.bool_]
    gain: Floats
    slope: Floats
    left: Floats


def _followed(rule: ResidualRule, x: Floats, levels: int, stages: int, held: Precision | None) -> Followed:
    stage = rule.stage
    eps = held.eps if held else 0.0
    half = stage.constants(levels).rounded.amplitude
    band = staircase(stage, levels, held.name, held.name).half_width if held else 0.0
    left, error = rule.first_residual(x, levels), np.full(x.shape, rule.first.rounding(stage, levels))
    columns: list[tuple[Floats, Integers, Floats, NDArray[np.bool_], Floats]] = []
    settled = np.ones(x.shape, dtype=bool)
    for i in range(stages):
        scale = rule.scale(levels, i)
        given = left / scale
        level = stage.level(given, levels)
        doubt = (error / scale + _QUOTIENT * np.abs(given)) * eps
        u = stage.level_coordinate(given, levels)
        near = np.clip(np.rint(u + 0.5), 1, levels - 1) - 0.5
        settled = settled & (np.abs(u - near) > band + half * doubt)
        columns.append((given, level, doubt, settled, stage.slope(given, levels)))
        left = left - scale * stage.grid.code(level, levels)
        error = error + _TERM * scale + _DIFFERENCE * np.abs(left)
    given_, level_, doubt_, settled_, gain_ = (np.stack(parts, axis=-1) for parts in zip(*columns, strict=True))
    return Followed(given_, level_, doubt_, settled_, gain_, rule.first.slope(stage, x, levels), left)


_NEWEST = "residual"
_ROWS = (
    ResidualRule(
        _NEWEST,
        "symmetric-clamp stages, scales L^-i, the input softly clamped to the cells' reach",
        "vector-quantize-pytorch ≥ 1.26.0; diffusers' ACE-Step",
        RULES["symmetric-clamp"],
        0,
        SOFT_CLAMP,
    ),
    ResidualRule(
        "residual-widened",
        "widened stages, scales (L-1)^-i, the input as it is",
        "vector-quantize-pytorch 1.18.5 – 1.25.2 (issues 166 and 230)",
        RULES["widened"],
        1,
        RAW,
    ),
    ResidualRule(
        "residual-widened-twice",
        "widened stages, scales (L-1)^-i, the input bounded twice",
        "vector-quantize-pytorch 1.12.12 – 1.18.3; transformers' Xcodec2",
        RULES["widened"],
        1,
        BOUNDED,
    ),
    ResidualRule(
        "residual-atanh-twice",
        "paper-atanh stages, scales (L-1)^-i, the input bounded twice",
        "vector-quantize-pytorch 1.12.5 – 1.12.11 (issue 96)",
        RULES["paper-atanh"],
        1,
        BOUNDED,
    ),
    ResidualRule(
        "residual-atanh",
        "paper-atanh stages, scales L^-i, the input as it is",
        "vector-quantize-pytorch 1.12.4",
        RULES["paper-atanh"],
        0,
        RAW,
    ),
    ResidualRule(
        "residual-paper",
        "paper stages, scales L^-i, the input as it is",
        "vector-quantize-pytorch ≤ 1.12.1",
        RULES["paper"],
        0,
        RAW,
    ),
)

#: The residual rules by their names, the newest first.
RESIDUAL_RULES: dict[str, ResidualRule] = {rule.name: rule for rule in _ROWS}


def residual_rule_named(name: str) -> ResidualRule:
    """The residual rule with this name; `ValueError` lists the known ones."""
    if name not in RESIDUAL_RULES:
        raise ValueError(f"unknown residual rule {name!r}; the known ones are {', '.join(RESIDUAL_RULES)}")
    return RESIDUAL_RULES[name]
