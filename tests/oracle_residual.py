"""A second oracle of residual FSQ: the table of docs/rules.md written again, one number at a time, in 60 digits.

It shares no code with fsqcheck.reference and imports none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .oracle import MP, paper, paper_atanh, widened


@dataclass(frozen=True)
class Stage:
    """What became of one number in one stage: what it was given, its level, and the term that it adds."""

    given: Any
    level: int
    term: Any


def residual(rule: str, x: float, L: int, stages: int) -> list[Stage]:
    """All stages of one number under a residual rule."""
    left, found = _first(rule, MP.mpf(x), L), []
    for i in range(stages):
        scale = MP.mpf(1) / MP.mpf(_base(rule, L)) ** i
        given = left / scale
        level = max(0, min(L - 1, int(MP.floor(_coordinate(rule, given, L) + MP.mpf(1) / 2))))
        term = scale * _code(rule, level, L)
        found.append(Stage(given, level, term))
        left -= term
    return found


def _base(rule: str, L: int) -> int:
    return L - 1 if rule in ("residual-widened", "residual-widened-twice", "residual-atanh-twice") else L


def _coordinate(rule: str, y: Any, L: int) -> Any:
    """u(y); ties are none of the tests' numbers, so that half up is half to even."""
    if rule == "residual":
        return (max(MP.mpf(-1), min(MP.mpf(1), y)) + 1) * (L - 1) / 2
    if "widened" in rule:
        return widened(y, L)
    return paper_atanh(y, L) if "atanh" in rule else paper(y, L)


def _code(rule: str, level: int, L: int) -> Any:
    if rule == "residual":
        return MP.mpf(2 * level) / (L - 1) - 1
    return MP.mpf(level - L // 2) / (L // 2)


def _first(rule: str, x: Any, L: int) -> Any:
    if rule == "residual":
        reach = 1 + MP.mpf(1) / (L - 1)
        return reach * MP.tanh(x / reach)
    return _coordinate(rule, x, L) - L // 2 if rule.endswith("twice") else x
