"""The gradient of the smooth part, how far a right one may be off, and the judgement by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..adapters import Probe, Setup, main_layout
from ..reference import PRECISIONS
from . import comparators
from .findings import Array, Finding, NonConformanceError
from .subject import Subject

#: A correct gradient is within this many eps of the surrogate's: tanh, square, difference and two products round.
GRADIENT_EPS = 4.0
#: The largest |tanh''|, by which an error of the shift becomes one of the slope.
STEEPEST = 0.77
#: Slopes above this are known to a few percent in bfloat16 too.
_PLAIN = 0.15


def surrogate(subject: Subject, vectors: Array, upstream: Array) -> NDArray[np.float64]:
    """The exact gradient of the smooth part: (N, d) float64."""
    columns = [subject.rule.slope(vectors[:, i], L) for i, L in enumerate(subject.levels)]
    result: NDArray[np.float64] = np.stack(columns, axis=-1) * upstream.astype(np.float64)
    return result


def same_slopes(subject: Subject, found: Array, vectors: Array, where: str) -> None:
    """Gradients of ones, (N, d), are those of the smooth part; of a target that never has these, those of a plain call."""
    one = np.ones_like(vectors)
    if subject.habits.slopes:
        expected = surrogate(subject, vectors, one)
    else:
        plain = subject.in_layout(main_layout(subject.adapter.layouts))
        expected = plain.vjp(vectors, one)[1].astype(np.float64)
    tolerance = gradient_tolerance(subject, one, subject.held) * np.maximum(1.0, np.abs(expected))
    comparators.within(found, expected, tolerance, where)


def gradient_tolerance(subject: Subject, upstream: Array, held: str) -> NDArray[np.float64]:
    """How far each gradient may be off: rounding, and the error that a shift computed in `held` carries."""
    eps = PRECISIONS[held].eps
    rows = []
    for L in subject.levels:
        constants = subject.rule.constants(L)
        gain = constants.rounded.amplitude / subject.rule.grid.half(L)
        shift = abs(float(constants.shift_slope)) * STEEPEST
        rows.append(max(gain, 1.0) * max(GRADIENT_EPS, shift + GRADIENT_EPS / 2) * eps)
    result: NDArray[np.float64] = np.array(rows) * np.maximum(np.abs(upstream.astype(np.float64)), 1.0)
    return result


def active_inputs(subject: Subject, held: str) -> Array:
    """Inputs over the whole active range and into saturation, kinks of the activation as `held` sees them left out."""
    random = np.random.default_rng(5)
    tail = np.linspace(6.2, 9.0, 15)  # a clamp of the input shows there alone
    spread = np.concatenate([np.linspace(-6, 6, 241), random.normal(size=300), [-30.0, 30.0, 0.0], tail, -tail])
    columns = []
    for L in subject.levels:
        z = random.permutation(spread)
        shift = subject.rule.constants(L).rounded.shift
        for kink in subject.rule.activation.kinks:
            near = np.abs(z + shift - kink) < 64 * PRECISIONS[held].eps
            z = np.where(near, 0.0, z)
        columns.append(z)
    return np.stack(columns, axis=-1).astype(subject.precision.dtype)


def judge_gradient(subject: Subject, held: str) -> None:
    """Every gradient must be the smooth part's, to within the rounding of `held`; else the worst is shown."""
    vectors = active_inputs(subject, subject.case.dtype)
    random = np.random.default_rng(6)
    upstream = random.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=vectors.shape).astype(vectors.dtype)
    _, gradient = subject.vjp(vectors, upstream)
    judge_slopes(subject, vectors, upstream, gradient, held)


def judge_slopes(subject: Subject, vectors: Array, upstream: Array, gradient: Array, held: str) -> None:
    """The judgement of `judge_gradient` on gradients that are there already, all (N, d)."""
    expected = surrogate(subject, vectors, upstream)
    tolerance = gradient_tolerance(subject, upstream, held)
    seen = gradient.astype(np.float64)
    error = np.where(np.isnan(seen), np.inf, np.abs(seen - expected)) / tolerance
    if (error <= 1.0).all():
        return
    row, channel = (int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
    L, z, weight = subject.levels[channel], float(vectors[row, channel]), float(upstream[row, channel])
    single = subject.alone(vectors, row, channel)
    one = np.zeros_like(single)
    one[0, channel] = upstream[row, channel]
    raise NonConformanceError(
        Finding(
            message=f"L = {L}: the gradient at z = {z!r} is {seen[row, channel]:.8g} for the upstream {weight:g}; "
            f"the smooth part's is {expected[row, channel]:.8g}",
            observed=f"{float(seen[row, channel])!r}",
            expected=f"{float(expected[row, channel])!r} ± {tolerance[row, channel]:.2g}",
            input=vectors[row, channel : channel + 1],
            units=float(error[row, channel]) if np.isfinite(error[row, channel]) else None,
            wrong=int((error > 1.0).sum()),
            tried=int(error.size),
            probe=Probe("vjp", subject.layout.arrange(single), subject.layout.arrange(one)),
            setup=subject.setup,
            details={"channel": f"{channel} (L = {L})"},
        )
    )


def judge_alive(subject: Subject, vectors: Array, gradient: Array, when: str, setup: Setup | None = None) -> None:
    """The gradient of the sum of all codes is roughly the smooth part's: for what takes it away or multiplies it."""
    expected = surrogate(subject, vectors, np.ones_like(vectors))
    seen, counts = gradient.astype(np.float64), expected > _PLAIN
    for channel, L in enumerate(subject.levels):  # not at a kink of the activation
        for aside in (-0.1, 0.1):
            counts[:, channel] &= subject.rule.slope(vectors[:, channel].astype(np.float64) + aside, L) > _PLAIN
    faults = (("no", ~(seen > expected / 2)), ("too large a", ~(seen < expected * 2)))
    for what, fault in faults:
        wrong = fault & counts
        if wrong.any():
            row, channel = (int(i) for i in np.argwhere(wrong)[0])
            raise NonConformanceError(
                Finding(
                    f"{when}, {wrong.mean():.1%} of the elements get {what} gradient",
                    f"{float(seen[row, channel])!r}",
                    f"about {expected[row, channel]:.4g}",
                    input=vectors[row, channel : channel + 1],
                    wrong=int(wrong.sum()),
                    tried=int(counts.sum()),
                    setup=setup or subject.setup,
                )
            )
