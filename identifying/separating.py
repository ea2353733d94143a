"""What tells two rules apart: the place where they differ most, or the reason why nothing that was asked does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from ..reference import Array, Rule, staircase
from .fitting import observed_steps, observed_tie, tie_of
from .identification import Evidence
from .normal import pieces_of
from .tracing import Trace

#: Where an L is looked for at which two rules differ.
_TRIED = range(2, 65)


def evidence(named: Rule, other: Rule, traces: Sequence[Trace], held: str, fits: bool) -> Evidence | None:
    """The threshold, tie or code at which two rules differ most, and what was seen there.

    Where `named` does not fit, the threshold that is farthest from its own.
    """
    both = [one for one in traces if named.levels_allowed(one.levels) and other.levels_allowed(one.levels)]
    apart = both if not fits else [one for one in both if not _same_steps(named, other, one.levels, held)]
    best: tuple[float, Evidence] | None = None
    for trace in apart:
        seen, a, b = observed_steps(trace, named), pieces_of(named, trace.levels)[0], pieces_of(other, trace.levels)[0]
        distance = _distance(a, b) if fits else _distance(seen, a)
        k = int(np.argmax(distance))
        if distance[k] > 0 and (best is None or distance[k] > best[0]):
            place = f"step {k + 1} of L = {trace.levels}"
            numbers = (_number(seen[k]), _number(a[k]), _number(b[k]))
            best = (float(distance[k]), Evidence("threshold", place, *numbers, other.name))
    if best is not None:
        return best[1]
    return next((found for trace in both if (found := _tie(named, other, trace) or _code(named, other, trace))), None)


def _tie(named: Rule, other: Rule, trace: Trace) -> Evidence | None:
    one, two = tie_of(named, trace.levels), tie_of(other, trace.levels)
    if one == two or one is None or two is None:
        return None
    seen = observed_tie(trace, named)
    return Evidence("tie", f"z = 0 at L = {trace.levels}", float(seen[0]), float(one[0]), float(two[0]), other.name)


def _code(named: Rule, other: Rule, trace: Trace) -> Evidence | None:
    level = np.arange(trace.levels)
    one, two = named.grid.code(level, trace.levels), other.grid.code(level, trace.levels)
    k = int(np.argmax(np.abs(one - two)))
    if trace.seen != "codes" or one[k] == two[k] or len(trace.distinct) != trace.levels:
        return None
    place = f"the code of level {k} of L = {trace.levels}"
    return Evidence("code", place, float(trace.distinct[k]), float(one[k]), float(two[k]), other.name)


def why_together(rules: Sequence[Rule], traces: Sequence[Trace], held: str) -> str:
    """Why several rules fit alike, and at which L they would not."""
    pairs, asked, seen = list(combinations(rules, 2)), [one.levels for one in traces], traces[0].seen
    farthest = max(_farthest(one, two, asked) for one, two in pairs)
    where = _listed(asked)
    if any(tie_of(one, L) != tie_of(two, L) for one, two in pairs for L in asked):
        return f"their thresholds are the same at L = {where}, and the ties at z = 0 go as none of them says"
    if farthest == 0:
        ties = any(rule.rounding != rules[0].rounding for rule in rules)
        why = f"their thresholds are the same at L = {where}"
        why += ", and there they round no tie differently" if ties else ""
    else:
        why = f"their thresholds differ by at most {farthest:.2g} at L = {where}, within the band of {held}"
    if seen != "codes" and len({rule.grid.name for rule in rules}) > 1:
        why += "; their codes differ, but it gives none"
    apart = next((L for L in _TRIED if all(_apart(one, two, L, held, seen) for one, two in pairs)), None)
    return f"{why}; --levels {apart} would tell them apart" if apart else why


def _apart(one: Rule, two: Rule, levels: int, held: str, seen: str) -> bool:
    if not (one.levels_allowed(levels) and two.levels_allowed(levels)):
        return False
    codes = seen == "codes" and one.grid.code(np.array(0), levels) != two.grid.code(np.array(0), levels)
    return bool(codes) or tie_of(one, levels) != tie_of(two, levels) or not _same_steps(one, two, levels, held)


def _same_steps(one: Rule, two: Rule, levels: int, held: str) -> bool:
    """Whether the thresholds of one rule lie within the bands of the other."""
    steps, stair = pieces_of(one, levels)[0], staircase(two, levels, "float64", held)
    # A border that no float reaches is NaN: it lies above everything.
    lo, hi = (np.where(np.isnan(border), np.inf, border) for border in (stair.lo, stair.hi))
    return bool(((lo <= steps) & (steps <= hi)).all())


def _farthest(one: Rule, two: Rule, asked: Iterable[int]) -> float:
    return max(float(_distance(pieces_of(one, L)[0], pieces_of(two, L)[0]).max()) for L in asked)


def _distance(one: Array, two: Array) -> Array:
    """How far steps lie apart; inf where one of two is never seen, 0 where neither is."""
    both = np.isfinite(one) & np.isfinite(two)
    none = ~np.isfinite(one) & ~np.isfinite(two)
    return np.where(both, np.abs(np.where(both, one, 0) - np.where(both, two, 0)), np.where(none, 0.0, np.inf))


def _number(place: float) -> float | None:
    return float(place) if np.isfinite(place) else None


def _listed(asked: Sequence[int]) -> str:
    known = list(asked)
    return ", ".join(map(str, known)) if len(known) <= 8 else f"{known[0]} … {known[-1]}"
