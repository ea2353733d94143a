"""The judgements that several clauses share: codes against the grid, levels against the exact staircase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..adapters import Probe
from ..reference import bit_pattern
from . import comparators
from .findings import Array, Finding, NonConformanceError
from .subject import Reply, Subject

Integers = NDArray[np.int64]


def channels_with_bands(subject: Subject, held: str) -> list[int]:
    """The channels whose bands leave something to judge and whose levels can be read off the codes."""
    found = [
        channel
        for channel in range(len(subject.levels))
        if subject.stair(channel, held).judges and subject.legible(channel)
    ]
    return subject.judged(
        found,
        f"at {subject.case.dtype} the band covers every input, or codes of neighbouring levels cannot be told apart",
    )


def judge_levels(subject: Subject, vectors: Array, reply: Reply, held: str) -> None:
    """Every level must be one that the exact staircase allows, by the band of `held`; else the worst is shown."""
    levels = subject.read(reply.codes)
    for channel in channels_with_bands(subject, held):
        stair = subject.stair(channel, held)
        z, level = vectors[:, channel], levels[:, channel]
        lowest, highest = stair.allowed(z)
        wrong = (level < lowest) | (level > highest)
        if wrong.any():
            raise NonConformanceError(_wrong_level(subject, vectors, reply, channel, wrong, level, held))


def _wrong_level(
    subject: Subject, vectors: Array, reply: Reply, channel: int, wrong: NDArray[np.bool_], level: Integers, held: str
) -> Finding:
    """The finding for the smallest input of a channel that took a wrong level."""
    L, stair = subject.levels[channel], subject.stair(channel, held)
    z = vectors[:, channel]
    wide = z.astype(np.float64)
    units = stair.units(z, level)
    rows = np.flatnonzero(wrong)
    row = int(rows[np.argmin(np.abs(wide[rows]))])
    lowest, highest = (int(bound[row]) for bound in stair.allowed(z))
    allowed = f"level {lowest}" if lowest == highest else f"level {lowest} or {highest}"
    code = float(reply.codes[row, channel])
    seen = "no level (NaN)" if np.isnan(code) else f"level {int(level[row])}"
    u = float(subject.rule.level_coordinate(z[row : row + 1], L)[0])
    shown, note = _smallest(subject, vectors, row, channel, int(level[row]))
    value = float(wide[row])
    worst = float(units[rows].max())
    details = {"channel": f"{channel} (L = {L})", "u(z)": f"{u:.9g}, the level coordinate", "code": repr(code)}
    if len(rows) > 1:
        far = int(rows[np.argmax(units[rows])])
        bits = bit_pattern(wide[far], subject.precision)
        details["worst"] = f"{worst:.3g} tolerance units at z = {float(wide[far])!r} ({bits})"
    step = _moved_step(subject, channel, wide, level)
    if step:
        details["step"] = step
    return Finding(
        message=f"L = {L}: z = {value!r} takes {seen}, not {allowed}",
        observed=f"{seen}, code {code!r}",
        expected=f"{allowed}, code {float(subject.grid(np.array(lowest), channel))!r}",
        input=z[row : row + 1] if note is None else vectors[row],
        input_note=note,
        units=float(units[row]),
        ulps=float(stair.ulps(z[row : row + 1], level[row : row + 1])[0]),
        wrong=int(wrong.sum()),
        tried=int(wrong.size),
        probe=Probe("forward", subject.layout.arrange(shown if note is None else vectors[row : row + 1])),
        setup=subject.setup,
        details=details,
    )


def _smallest(subject: Subject, vectors: Array, row: int, channel: int, level: int) -> tuple[Array, str | None]:
    """The failing number alone, all other channels 0; or the whole vector with a note when it does not fail alone."""
    single = subject.alone(vectors, row, channel)
    if int(subject.read(subject.ask(single).codes)[0, channel]) == level:
        return single, None
    whole = vectors[row : row + 1]
    if int(subject.read(subject.ask(whole).codes)[0, channel]) == level:
        return single, "the other channels matter: the whole vector is shown"
    return single, f"fails only as row {row} of an array of {len(vectors)} vectors, not alone"


def _moved_step(subject: Subject, channel: int, z: NDArray[np.float64], level: Integers) -> str | None:
    """Where the step nearest to the worst fault was seen, between two inputs that were tried."""
    order = np.argsort(z, kind="stable")
    z, level = z[order], level[order]
    stair = subject.stair(channel)
    moved: tuple[float, str] | None = None
    for k, step in enumerate(stair.steps.astype(np.float64), start=1):
        below, above = z[level == k - 1], z[level == k]
        if not len(below) or not len(above) or not np.isfinite(step):
            continue
        left, right = float(below.max()), float(above.min())
        distance = max(left - step, step - right)
        if left <= right and distance > 0 and (moved is None or distance > moved[0]):
            moved = distance, f"{k - 1} → {k} seen between {left!r} and {right!r}; exactly at {float(step)!r}"
    return moved[1] if moved else None


def judge_grid(subject: Subject, vectors: Array, reply: Reply, held: str) -> None:
    """Every code must be a value of the grid, to within the rounding of `held`; else the smallest input is shown."""
    levels = subject.read(reply.codes)
    for channel, L in enumerate(subject.levels):
        codes = reply.codes[:, channel].astype(np.float64)
        inside = np.clip(levels[:, channel], 0, L - 1)
        tolerance = subject.grid_tolerance(channel, held)
        with np.errstate(invalid="ignore"):
            units = np.abs(codes - subject.grid(inside, channel)) / tolerance
        units = np.where(np.isnan(units), np.inf, units)
        wrong = units > 1.0
        if wrong.any():
            raise NonConformanceError(_off_the_grid(subject, vectors, reply, channel, wrong, units, tolerance))


def _off_the_grid(
    subject: Subject,
    vectors: Array,
    reply: Reply,
    channel: int,
    wrong: NDArray[np.bool_],
    units: NDArray[np.float64],
    tolerance: float,
) -> Finding:
    """The finding for the smallest input of a channel whose code is none of the grid's."""
    L = subject.levels[channel]
    z = vectors[:, channel].astype(np.float64)
    rows = np.flatnonzero(wrong)
    row = int(rows[np.argmin(np.abs(z[rows]))])
    code = float(reply.codes[row, channel])
    level = int(np.clip(subject.read(reply.codes[row : row + 1])[0, channel], 0, L - 1))
    near = float(subject.grid(np.array(level), channel))
    single = subject.alone(vectors, row, channel)
    same = _same_number(float(subject.ask(single).codes[0, channel]), code)
    shown, note = (single, None) if same else (vectors[row : row + 1], f"row {row} of {len(vectors)} vectors")
    return Finding(
        message=f"L = {L}: z = {float(z[row])!r} gives the code {code!r}, which is none of the {L} grid values",
        observed=f"code {code!r}",
        expected=f"code {near!r} ± {tolerance:.2g}, the nearest of {_codes_in_words(subject, channel)}",
        input=vectors[row, channel : channel + 1] if same else vectors[row],
        input_note=note,
        units=float(units[row]) if np.isfinite(units[row]) else None,
        wrong=int(wrong.sum()),
        tried=int(wrong.size),
        probe=Probe("forward", subject.layout.arrange(shown)),
        setup=subject.setup,
        details={"channel": f"{channel} (L = {L})"},
    )


def same_codes(subject: Subject, codes: Array, others: Array, when: str) -> None:
    """The same level everywhere, in the bands too, and codes that differ by no more than their rounding.

    Not bit for bit: a straight-through sum that is formed only where it is needed may round once more.
    """
    levels, expected = subject.read(codes), subject.read(others)
    legible = [channel for channel in range(len(subject.levels)) if subject.legible(channel)]
    comparators.same_integers(levels[..., legible], expected[..., legible], f"the levels {when}, as (vector, channel),")
    tolerance = np.array([2 * subject.grid_tolerance(channel) for channel in range(len(subject.levels))])
    comparators.within(codes, others, tolerance, f"the codes {when}")


def _same_number(one: float, other: float) -> bool:
    return one == other or (np.isnan(one) and np.isnan(other))


def _codes_in_words(subject: Subject, channel: int) -> str:
    return in_words(subject.grid(np.arange(subject.levels[channel]), channel))


def in_words(values: NDArray[np.float64], most: int = 9) -> str:
    """A set of numbers in braces; the middle of a long one is left out."""
    words = [f"{value + 0.0:.6g}" for value in values]
    if len(words) > most:
        words = [*words[:4], "…", *words[-3:]]
    return "{" + ", ".join(words) + "}"


def distinct(codes: Array, tolerance: float) -> NDArray[np.float64]:
    """The distinct finite codes, ascending; those closer than `tolerance` count as one."""
    found = np.unique(codes.astype(np.float64))
    found = found[np.isfinite(found)]
    if not len(found):
        return found
    keep = np.concatenate([[True], np.diff(found) > tolerance])
    kept: NDArray[np.float64] = found[keep]
    return kept
