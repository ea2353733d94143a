"""Answers as an adapter: what a clause asks is looked up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..adapters import Capability, Identity
from ..conformance.plan import UsageError
from ..reference import Array, Codebook, Rule, rule_named
from ..reports import plain
from .form import Answers, Real
from .judgements import CODES, GRADIENT, INDEX, LEVELS
from .making import Made
from .points import PointAdapter, Points, RefusedVectorError, keys

#: What codes are read from, the nearest to a decoder first.
SOURCES = (CODES, LEVELS, INDEX)

_INT64 = np.iinfo(np.int64)


def told_of(answers: Answers) -> frozenset[str]:
    """What a port tells of its vectors."""
    one = next(told for told in answers.answers if not told.refused)
    return frozenset(name for name in (*SOURCES, GRADIENT) if getattr(one, name) is not None)


def source_of(answers: Answers) -> str:
    """What the port's codes are read from."""
    return next(name for name in SOURCES if name in told_of(answers))


def adapter_of(answers: Answers, made: Made, origin: str, source: str) -> PointAdapter:
    """The port as a target; its codes are what it tells as `source`. `UsageError` for what is no number."""
    told = told_of(answers)
    refused = np.zeros(len(made.z), dtype=bool)
    for one in answers.answers:
        refused[one.id] = one.refused
    codes = _codes(answers, made, source)
    indices = _integers(answers, INDEX, 1, len(made.z))[:, 0] if INDEX in told else None
    gradients = _reals(answers, GRADIENT, made) if GRADIENT in told else None
    rows = {key: row for row, key in enumerate(keys(made.z))}

    def ask(z: Array) -> Points:
        at = np.array([rows[key] for key in keys(z)], dtype=np.int64)
        if refused[at].any():
            raise RefusedVectorError(f"the port refuses vector {int(at[refused[at]][0])}")
        return Points(codes[at], None if indices is None else indices[at], None if gradients is None else gradients[at])

    given = {
        Capability.CODES: source == CODES,
        Capability.INDICES: INDEX in told,
        Capability.GRADIENT: GRADIENT in told,
    }
    identity = Identity(
        plain.line(answers.target, 80),
        None if answers.target_version is None else plain.line(answers.target_version, 80),
        origin,
        plain.line(answers.environment, 200),
    )
    can = frozenset(capability for capability, there in given.items() if there)
    return PointAdapter(identity, (made.document.rule,), (made.document.dtype,), can, ask)


def row_of(vector: Array, made: Made) -> int | None:
    """The number of a vector; None for one that is none of the file's."""
    return {key: row for row, key in enumerate(keys(made.z))}.get(keys(vector[None])[0])


def _codes(answers: Answers, made: Made, source: str) -> NDArray[np.float64]:
    """(N, d): the codes that are told, or the exact ones of the levels or indices that are; NaN for an impossible index."""
    rule, codebook = rule_named(made.document.rule), Codebook(made.document.levels)
    if source == CODES:
        return _reals(answers, CODES, made)
    if source == LEVELS:
        return _grid(rule, codebook, _integers(answers, LEVELS, len(codebook.levels), len(made.z)))
    index = _integers(answers, INDEX, 1, len(made.z))[:, 0]
    known = (index >= 0) & (index < codebook.size)
    codes = _grid(rule, codebook, codebook.unpack(np.where(known, index, 0)))
    return np.where(known[:, None], codes, np.nan)


def _grid(rule: Rule, codebook: Codebook, levels: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.stack([rule.grid.code(levels[:, i], L) for i, L in enumerate(codebook.levels)], axis=-1)


def _reals(answers: Answers, name: str, made: Made) -> NDArray[np.float64]:
    found = np.full(made.z.shape, np.nan)
    for told in answers.answers:
        if not told.refused:
            found[told.id] = [_real(value, told.id, name) for value in getattr(told, name)]
    return found


def _integers(answers: Answers, name: str, width: int, count: int) -> NDArray[np.int64]:
    found = np.full((count, width), -1, dtype=np.int64)
    for told in answers.answers:
        if told.refused:
            continue
        value = getattr(told, name)
        values = value if isinstance(value, tuple) else (value,)
        for one in values:
            if not _INT64.min <= one <= _INT64.max:
                raise UsageError(
                    f"vector {told.id}, {name}: {plain.line(str(one), 60)} does not fit a signed 64-bit integer"
                )
        found[told.id] = values
    return found


def _real(value: Real, id: int, name: str) -> float:
    """A number as C prints it: decimal, hex, inf or nan with its sign or payload."""
    if not isinstance(value, str):
        return float(value)
    word = value.strip().lower()
    if word.lstrip("+-").startswith("nan"):
        return float("nan")
    try:
        return float.fromhex(word) if "x" in word else float(word)
    except OverflowError:
        return float("-inf" if word.startswith("-") else "inf")
    except ValueError:
        shown = plain.line(value, 40)
        raise UsageError(f"vector {id}, {name}: expected a number such as 0x1.8p-1, got {shown!r}") from None
