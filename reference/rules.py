"""The rules: every known way from a number to a level and a code, as data.

For a channel with L levels (sources: arXiv 2309.15505 and its notebook; arXiv 2411.19842 §3.2; vector-quantize-pytorch
issue 94):

    u(z)  = a(z + s)·h - o + c      the level coordinate
    level = round(u), kept within 0 … L-1
    code  = grid(level)

A rule is an activation a, an amplitude h(L), an offset o(L), a shift s(L), a centre c(L), a rounding and a grid. A new
rule is a new row of `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, SupportsIndex

import mpmath
import numpy as np
from numpy.typing import NDArray

from .activations import CLAMP, IFSQ_SIGMOID, TANH, Activation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rounding = Literal["half-even", "half-up"]

#: Decimal digits of the exact constants: float64 needs 17, cancellation near saturation a few more.
DIGITS = 40


@dataclass(frozen=True)
class Amplitude:
    """h(L) = (L-1)·factor/2, or, not `scaled`, the factor itself, which is an exact decimal."""

    factor: str
    scaled: bool = True

    def exact(self, levels: int) -> Any:
        """h for `levels` levels, an mpmath number."""
        factor = mpmath.mpf(self.factor)
        return (levels - 1) * factor / 2 if self.scaled else factor


@dataclass(frozen=True)
class Shift:
    """s = function(o/h), with the derivative that says how much a rounded o/h moves the steps."""

    function: Callable[[Any], Any]
    slope: Callable[[Any], Any]


NO_SHIFT = Shift(lambda _: mpmath.mpf(0), lambda _: mpmath.mpf(0))
TAN_SHIFT = Shift(mpmath.tan, lambda x: 1 / mpmath.cos(x) ** 2)
ATANH_SHIFT = Shift(mpmath.atanh, lambda x: 1 / (1 - x * x))
IDENTITY_SHIFT = Shift(lambda x: x, lambda _: mpmath.mpf(1))


def _float64(values: NDArray[Any]) -> Floats:
    """The same numbers in float64; a signalling NaN becomes a quiet one, and NumPy need not warn of it."""
    with np.errstate(invalid="ignore"):
        quiet: Floats = np.asarray(values, dtype=np.float64) * 1.0
    return quiet


@dataclass(frozen=True)
class Grid:
    """The codes: code = (level - centre(L)) / half(L)."""

    name: str
    centre: Callable[[int], float]
    half: Callable[[int], float]

    def code(self, level: NDArray[Any], levels: int) -> Floats:
        """The codes of level indices, float64, correctly rounded."""
        numerator: Floats = 2.0 * np.asarray(level, dtype=np.float64) - 2.0 * self.centre(levels)
        result: Floats = numerator / (2.0 * self.half(levels))
        return result

    def coordinate(self, code: NDArray[Any], levels: int) -> Floats:
        """Where codes lie on the grid, in levels: a whole number for a code on the grid."""
        result: Floats = _float64(code) * self.half(levels) + self.centre(levels)
        return result

    def step(self, levels: int) -> float:
        """The distance of two neighbouring codes."""
        return 1.0 / self.half(levels)


PAPER_GRID = Grid("(level - ⌊L/2⌋) / ⌊L/2⌋", lambda L: float(L // 2), lambda L: float(L // 2))
UNIT_GRID = Grid("2·level/(L-1) - 1", lambda L: (L - 1) / 2, lambda L: (L - 1) / 2)
DIGITS_GRID = Grid("level (a digit)", lambda L: 0.0, lambda L: 1.0)  # noqa: ARG005


@dataclass(frozen=True)
class Rule:
    """One row of the table in docs/rules.md: how a number becomes a level and a code.

    `lopsided`: even L is shifted by half a level, so that 0 is a code (arXiv 2309.15505).
    `levels_allowed` says for which L the rule is defined; `levels_words` says it to people.
    """

    name: str
    title: str
    source: str
    amplitude: Amplitude
    lopsided: bool
    shift: Shift
    rounding: Rounding
    grid: Grid
    activation: Activation = TANH
    levels_allowed: Callable[[int], bool] = lambda levels: levels >= 2
    levels_words: str = "L ≥ 2"

    def offset(self, levels: int) -> Any:
        """o: ½ for even L where the rule is lopsided, else 0; an mpmath number."""
        return mpmath.mpf(1) / 2 if self.lopsided and levels % 2 == 0 else mpmath.mpf(0)

    def centre(self, levels: int) -> Any:
        """c: ⌊L/2⌋ where the rule is lopsided, else (L-1)/2; an mpmath number."""
        return mpmath.mpf(levels // 2) if self.lopsided else mpmath.mpf(levels - 1) / 2

    def constants(self, levels: int) -> Constants:
        """h, o, s and c for `levels` levels; `ValueError` where the rule is not defined for that number."""
        return _constants(self, levels)

    def level_coordinate(self, z: NDArray[Any], levels: int) -> Floats:
        """u(z), float64, by the formula as it stands in the papers: same shape as `z`."""
        k = self.constants(levels).rounded
        argument = _float64(z) + k.shift
        result: Floats = self.activation.value(argument) * k.amplitude - k.offset + k.centre
        return result

    def level(self, z: NDArray[Any], levels: int) -> Integers:
        """The level index of every number: int64 in 0 … L-1, and -1 where `z` is NaN."""
        u = self.level_coordinate(z, levels)
        rounded = np.rint(u) if self.rounding == "half-even" else np.floor(u + 0.5)
        known = ~np.isnan(rounded)
        return np.where(known, np.clip(np.where(known, rounded, 0.0), 0, levels - 1), -1).astype(np.int64)

    def slope(self, z: NDArray[Any], levels: int) -> Floats:
        """d code / d z of the smooth part, float64: what a straight-through gradient passes on."""
        k = self.constants(levels).rounded
        argument = _float64(z) + k.shift
        result: Floats = self.activation.slope(argument) * (k.amplitude / self.grid.half(levels))
        return result

    def bounded(self, z: NDArray[Any], levels: int) -> Floats:
        """The smooth part of the quantizer on the scale of the codes, float64: the grid's value of u(z), unrounded."""
        return self.grid.code(self.level_coordinate(z, levels), levels)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """A rule of the table is copied and pickled by its name: its functions are the table's."""
        if RULES.get(self.name) is self:
            return rule_named, (self.name,)
        return super().__reduce_ex__(protocol)

    def is_mirrored(self, levels: int) -> bool:
        """Whether the steps are symmetric about 0 for `levels` levels, and the codes about their middle."""
        return not self.lopsided or levels % 2 == 1


@dataclass(frozen=True)
class RoundedConstants:
    """h, o, s and c as float64."""

    amplitude: float
    offset: float
    shift: float
    centre: float


@dataclass(frozen=True)
class Constants:
    """h, o, s and c as mpmath numbers, and `shift_slope`, ds/d(o/h)."""

    amplitude: Any
    offset: Any
    shift: Any
    centre: Any
    shift_slope: Any

    @cached_property
    def rounded(self) -> RoundedConstants:
        """The same as float64, each correctly rounded."""
        return RoundedConstants(float(self.amplitude), float(self.offset), float(self.shift), float(self.centre))


@lru_cache(maxsize=4096)
def _constants(rule: Rule, levels: int) -> Constants:
    if not rule.levels_allowed(levels):
        raise ValueError(f"rule {rule.name} is not defined for L = {levels}; it needs {rule.levels_words}")
    with mpmath.workdps(DIGITS):
        h, o = rule.amplitude.exact(levels), rule.offset(levels)
        shift, slope = rule.shift.function(o / h), rule.shift.slope(o / h)
        return Constants(amplitude=h, offset=o, shift=shift, centre=rule.centre(levels), shift_slope=slope)


def _clamped(base: Rule, source: str) -> Rule:
    """`base` with a clamp in the place of its activation."""
    shift = NO_SHIFT if base.shift is NO_SHIFT else IDENTITY_SHIFT
    return replace(
        base,
        name=f"{base.name}-clamp",
        title=f"{base.title}; hard clamp",
        source=source,
        activation=CLAMP,
        shift=shift,
    )


_PAPER = Rule(
    name="paper",
    title="the paper's rule: amplitude (L-1)(1-ε)/2, shift tan(o/h)",
    source="arXiv 2309.15505 and its notebook; vector-quantize-pytorch ≤ 1.12.1; NeMo",
    amplitude=Amplitude("0.999"),
    lopsided=True,
    shift=TAN_SHIFT,
    rounding="half-even",
    grid=PAPER_GRID,
)

_PAPER_ATANH = replace(
    _PAPER,
    name="paper-atanh",
    title="the paper's rule with its erratum: shift atanh(o/h)",
    source="vector-quantize-pytorch issue 94 (confirmed by the paper's author); its releases 1.12.4 – 1.12.11",
    shift=ATANH_SHIFT,
    levels_allowed=lambda levels: levels >= 3,
    levels_words="L ≥ 3 (at L = 2 the shift is atanh(1.001), not a number)",
)

_WIDENED = replace(
    _PAPER_ATANH,
    name="widened",
    title="amplitude (L-1)(1+ε)/2, shift atanh(o/h)",
    source="vector-quantize-pytorch ≥ 1.12.12 (default), diffusers, transformers, Cosmos, VidTok, Spark-TTS",
    amplitude=Amplitude("1.001"),
    levels_allowed=lambda levels: levels >= 2,
    levels_words="L ≥ 2",
)

_SYMMETRIC = Rule(
    name="symmetric",
    title="symmetric: tanh over the whole of [-1, 1], ties up",
    source="arXiv 2411.19842 §3.2; vector-quantize-pytorch preserve_symmetry=True",
    amplitude=Amplitude("1"),
    lopsided=False,
    shift=NO_SHIFT,
    rounding="half-up",
    grid=UNIT_GRID,
)

_ROWS = (
    _PAPER,
    _PAPER_ATANH,
    _WIDENED,
    _SYMMETRIC,
    replace(
        _SYMMETRIC,
        name="symmetric-even",
        title="symmetric, ties to the even level",
        source="stable-audio-tools DitheredFSQ (evaluation), openpi",
        rounding="half-even",
    ),
    replace(
        _SYMMETRIC,
        name="s3",
        title="digits 0, 1, 2 of tanh(z)·0.999",
        source="S3Tokenizer, CosyVoice 2",
        amplitude=Amplitude("0.9990000128746033", scaled=False),
        rounding="half-even",
        grid=DIGITS_GRID,
        levels_allowed=lambda levels: levels == 3,
        levels_words="L = 3",
    ),
    replace(
        _SYMMETRIC,
        name="ifsq",
        title="iFSQ: 2·sigmoid(1.6 z) - 1 in the place of tanh",
        source="iFSQ",
        rounding="half-even",
        grid=PAPER_GRID,
        activation=IFSQ_SIGMOID,
        levels_allowed=lambda levels: levels >= 3 and levels % 2 == 1,
        levels_words="odd L ≥ 3",
    ),
    _clamped(_WIDENED, "vector-quantize-pytorch bound_hard_clamp=True"),
    _clamped(_SYMMETRIC, "vector-quantize-pytorch preserve_symmetry=True, bound_hard_clamp=True"),
)

RULES: dict[str, Rule] = {rule.name: rule for rule in _ROWS}


def rule_named(name: str) -> Rule:
    """The rule with this name; `ValueError` lists the known ones."""
    if name not in RULES:
        raise ValueError(f"unknown rule {name!r}; the known rules are {', '.join(RULES)}")
    return RULES[name]
