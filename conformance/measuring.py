"""What is measured for a report's pictures: where a target steps, and the slope that it passes on. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..adapters import Adapter, Capability
from ..reference import Staircase, from_ordinals, ordinals, rule_named
from ..reports.record import GradientLine, Measurement, StaircaseLine
from .case import Case
from .findings import Array, NonConformanceError, TargetRaisedError, UnsupportedError, WrongAnswerError
from .levels import level_lists
from .plan import Wanted
from .subject import Subject

Integers = NDArray[np.int64]

#: The dtype of what is measured: the one that every target takes and most are used in.
DTYPE = "float32"
#: Channels with more levels are left out: their lines would be longer than the rest of the record.
MOST_LEVELS = 256
#: How many floats from the exact step a right one is looked for first.
_NEAR = 64
#: Where gradients are measured. Neither 0 nor ±1 is among them: a clamp has a kink there.
SLOPE_INPUTS = np.linspace(-4.05, 4.05, 82)


def measured_lists(wanted: Wanted, rule: str) -> tuple[tuple[int, ...], ...]:
    """The level lists that are measured under a rule: those of the suite, without the ones that add no new L."""
    known: set[int] = {2**62}
    lists = []
    for levels in level_lists("channels", rule_named(rule), wanted.tier, wanted.levels):
        if not set(levels) <= known:
            lists.append(levels)
            known |= set(levels)
    return tuple(lists)


def measure(target: str, adapter: Adapter, wanted: Wanted, rule: str) -> Iterator[Measurement]:
    """Every line of one target under one rule; whatever the target raises is the `reason` of its lines."""
    device = wanted.devices[0] if wanted.devices else "cpu"
    seen: set[int] = set()
    for levels in measured_lists(wanted, rule):
        subject = Subject(Case(target, "", rule, levels, DTYPE, device, "eval"), adapter, wanted.seed)
        channels = [i for i, L in enumerate(levels) if _first(levels, i) and L <= MOST_LEVELS and L not in seen]
        seen |= set(levels)
        yield from _staircases(subject, channels)
        yield from _gradients(subject, channels)


def unmeasured(target: str, wanted: Wanted, rule: str, reason: str) -> Iterator[StaircaseLine]:
    """The lines of a measurement that gave nothing at all."""
    for L in sorted({L for levels in measured_lists(wanted, rule) for L in levels if L <= MOST_LEVELS}):
        yield StaircaseLine(target=target, rule=rule, levels=L, dtype=DTYPE, reason=reason)


def _first(levels: Sequence[int], channel: int) -> bool:
    return levels.index(levels[channel]) == channel


_REASONS = (TargetRaisedError, UnsupportedError, WrongAnswerError, NonConformanceError)


def _why(subject: Subject) -> str | None:
    """Why nothing can be asked of a target, or None."""
    if subject.case.device not in subject.adapter.devices():
        return f"no {subject.case.device.upper()} device"
    if DTYPE not in subject.adapter.dtypes:
        return f"it takes no {DTYPE} input"
    return None


def _in_words(error: BaseException) -> str:
    return " ".join(str(error).split("\n")[0].split())[:300]


# Staircases


def _staircases(subject: Subject, channels: Iterable[int]) -> Iterator[StaircaseLine]:
    channels = list(channels)
    reason = _why(subject)
    seen: Observed | None = None
    if reason is None:
        try:
            seen = observe_steps(subject)
        except _REASONS as error:
            reason = _in_words(error)
    for channel in channels:
        L = subject.levels[channel]
        line = StaircaseLine(target=subject.case.target, rule=subject.case.rule, levels=L, dtype=DTYPE, reason=reason)
        yield line if seen is None else _staircase_line(subject, channel, seen)


class Observed:
    """What was seen of a quantizer: (max L - 1, d) ordinals of steps, whether each was found, and (max L, d) codes."""

    def __init__(self, steps: Integers, found: NDArray[np.bool_], codes: Array) -> None:
        self.steps, self.found, self.codes = steps, found, codes


def observe_steps(subject: Subject) -> Observed:
    """Bisects in the bit patterns between level centres, all thresholds of all channels at once: some 15 calls, or 35.

    A step is the float from which on a level of at least k is seen, k-1 or lower just below it. It is looked for near
    the exact step first, then between the centres of the two levels, then over the whole line; where the target never
    steps it is not found.
    """
    quantizer = subject.quantizer()
    rows, d = max(subject.levels) - 1, len(subject.levels)
    step_of = np.stack([np.minimum(np.arange(rows), L - 2) for L in subject.levels], axis=-1)  # k - 1, repeated
    centres = np.stack(
        [_centres(subject.stair(i))[np.minimum(np.arange(rows + 1), L - 1)] for i, L in enumerate(subject.levels)],
        axis=-1,
    )

    def at_least_k(numbers: Integers) -> NDArray[np.bool_]:
        floats = from_ordinals(numbers, subject.precision)
        found: NDArray[np.bool_] = subject.read(subject.ask(floats, quantizer).codes) > step_of
        return found

    codes = subject.ask(centres, quantizer).codes
    columns = np.arange(d)
    low, high = (ordinals(centres[step_of + more, columns], subject.precision) for more in (0, 1))
    top = int(ordinals(np.array([subject.precision.largest]), subject.precision)[0])
    low = np.where(at_least_k(low), -top, low)
    high = np.where(at_least_k(high), high, top)
    found = ~at_least_k(low) & at_least_k(high)
    exact = np.stack([ordinals(subject.stair(i).steps[step_of[:, i]], subject.precision) for i in range(d)], axis=-1)
    nearby = iter((exact - _NEAR, exact + _NEAR))
    while (high - low > 1).any():
        between = np.clip(next(nearby, (low + high) // 2), low, high)
        above = at_least_k(between)
        low, high = np.where(above, low, between), np.where(above, between, high)
    return Observed(high, found, codes)


def _centres(stair: Staircase) -> Array:
    """The middle of every level, beyond the outermost steps one unit away; where no float steps, the largest float."""
    steps = np.nan_to_num(stair.steps.astype(np.float64), nan=stair.dtype.largest, neginf=-stair.dtype.largest)
    middles = np.concatenate([[steps[0] - 1], (steps[:-1] + steps[1:]) / 2, [steps[-1] + 1]])
    centres: Array = np.clip(middles, -stair.dtype.largest, stair.dtype.largest).astype(stair.dtype.dtype)
    return centres


def _staircase_line(subject: Subject, channel: int, seen: Observed) -> StaircaseLine:
    L, stair, precision = subject.levels[channel], subject.stair(channel), subject.precision
    steps, found = seen.steps[: L - 1, channel], seen.found[: L - 1, channel]
    floats = from_ordinals(steps, precision)
    known = found & np.isfinite(stair.steps.astype(np.float64))
    ulps, units = stair.missed(steps)
    return StaircaseLine(
        target=subject.case.target,
        rule=subject.case.rule,
        levels=L,
        dtype=DTYPE,
        exact=_shortest(stair.steps),
        lo=_shortest(stair.lo),
        hi=_shortest(stair.hi),
        observed=tuple(one if ok else None for one, ok in zip(_shortest(floats), found, strict=True)),
        units=tuple(one if ok else None for one, ok in zip(_rounded(units, 3), known, strict=True)),
        ulps=tuple(int(one) if ok else None for one, ok in zip(ulps, known, strict=True)),
        codes=_rounded(seen.codes[:L, channel], 7),
        expected_codes=_rounded(subject.grid(np.arange(L), channel), 7),
    )


# Gradients


def _gradients(subject: Subject, channels: Iterable[int]) -> Iterator[GradientLine]:
    reason = _why(subject)
    z = SLOPE_INPUTS.astype(subject.precision.dtype)
    slopes: Array | None = None
    if reason is None:
        try:
            subject.needs(Capability.GRADIENT)
            vectors = np.repeat(z[:, None], len(subject.levels), axis=1)
            _, slopes = subject.vjp(vectors, np.ones_like(vectors))
        except _REASONS as error:
            reason = _in_words(error)
    for channel in channels:
        L = subject.levels[channel]
        bare = GradientLine(target=subject.case.target, rule=subject.case.rule, levels=L, dtype=DTYPE, reason=reason)
        if slopes is None:
            yield bare
            continue
        yield GradientLine(
            target=subject.case.target,
            rule=subject.case.rule,
            levels=L,
            dtype=DTYPE,
            z=_rounded(z, 4),
            observed=_rounded(slopes[:, channel], 5),
            expected=_rounded(subject.rule.slope(z, L), 5),
        )


# Numbers


def _shortest(values: Array) -> tuple[float | None, ...]:
    """Each float of the dtype as the shortest decimal that reads back as it; None for one that is not finite."""
    return tuple(float(str(value)) if np.isfinite(float(value)) else None for value in values)


def _rounded(values: Array, digits: int) -> tuple[float | None, ...]:
    """Each number to so many significant digits, so that the record stays small; None for one that is not finite."""
    return tuple(float(f"{float(value):.{digits}g}") if np.isfinite(float(value)) else None for value in values)
