"""The slopes of the stages of a residual quantizer, how far they may be off, and its own gradient."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS
from . import comparators
from .findings import Array, NonConformanceError, TargetRaisedError
from .staged import Floats, Staged
from .surrogate import GRADIENT_EPS, STEEPEST
from .witness import WitnessedQuantizer


def slopes(staged: Staged, vectors: Array, kept: int | None = None) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """For (N, d) vectors: the first stage's slope, that of all, how far it may be off, and where that is beyond doubt.

    kept: so many first stages count, and no others.
    """
    eps = PRECISIONS[staged.held].eps
    columns = []
    for followed, L in zip(staged.followed(vectors, kept), staged.subject.levels, strict=True):
        constants = staged.rule.stage.constants(L)
        gain = max(1.0, constants.rounded.amplitude / staged.rule.stage.grid.half(L))
        clear = followed.settled[:, -1].copy()
        for kink in staged.rule.stage.activation.kinks:
            near = np.abs(followed.given + constants.rounded.shift - kink)
            clear &= (near > 4 * followed.doubt + 64 * eps).all(axis=-1)
        size = np.abs(followed.slope)
        off = gain * (STEEPEST * followed.doubt + 2 * GRADIENT_EPS * eps).sum(axis=-1) * np.maximum(size, 1.0)
        off += staged.rule.first.rounding(staged.rule.stage, L) * eps * followed.gain.sum(axis=-1)
        columns.append((size * followed.gain[:, 0], size * followed.gain.sum(axis=-1), off, clear))
    first, total, off, clear = (np.stack(parts, axis=-1) for parts in zip(*columns, strict=True))
    return first, total, off, clear


def sloped(staged: Staged, vectors: Array) -> NDArray[np.bool_]:
    """Where the first stage has a slope, also where half precision on the way moves (N, d) vectors a little."""
    wide, given = Staged(staged.subject, "float32", staged.count), vectors.astype(np.float32)
    near = [slopes(wide, given * np.float32(part))[0] for part in (0.98, 1.0, 1.02)]
    return np.asarray(np.stack(near).min(axis=0) > 0.05)


def gradient_of(staged: Staged, vectors: Array, upstream: Array, **how: Any) -> Array:
    """The gradient of Σ codes·upstream at (N, d) vectors, as (N, d)."""
    subject = staged.subject
    z, weights = (np.ascontiguousarray(subject.layout.arrange(part)).copy() for part in (vectors, upstream))
    _, gradient = staged.quantizer().vjp(z, weights, **how)
    comparators.same_shape(gradient, z.shape, "the gradients")
    return subject.layout.flatten(gradient)


def upstream_of(vectors: Array, sizes: tuple[float, ...] = (1.0,)) -> Array:
    """A weight for each number, of either sign, and of these sizes."""
    random = np.random.default_rng(23)
    drawn: Array = random.choice([-2.0, -1.0, 1.0, 2.0], size=vectors.shape) * random.choice(sizes, size=vectors.shape)
    return drawn.astype(vectors.dtype)


def judge_reached(staged: Staged, quantizer: WitnessedQuantizer, where: str, **how: Any) -> None:
    """A gradient reaches each number of a small array at which the first stage has a slope, with the upstream's sign."""
    z, layout = staged.few(), staged.subject.layout
    vectors = layout.flatten(z)
    upstream = upstream_of(vectors)
    with staged.subject.must_answer("a gradient of the input", where):
        _, gradient = quantizer.vjp(z, np.ascontiguousarray(layout.unflatten(upstream, z.shape)), **how)
    comparators.same_shape(gradient, z.shape, f"the gradients {where}")
    active = sloped(staged, vectors)
    right = np.where(active, layout.flatten(gradient).astype(np.float64) * upstream > 0, True)
    signs = f"whether gradients {where} have the sign of the upstream, at (vector, channel),"
    comparators.same_integers(right * 1, np.ones_like(right) * 1, signs)


def reaches(staged: Staged) -> bool:
    """Whether a gradient reaches the input of a new quantizer; where none does, that is the affair of RES-11."""
    with suppress(TargetRaisedError, NonConformanceError):
        judge_reached(staged, staged.quantizer(), "of a new quantizer")
        return True
    return False


def judge_slopes(staged: Staged, where: str, way: str | None = None) -> None:
    """The gradient of a small array of several batches, one of its upstream's vectors NaN, is that of all stages."""
    z, layout = staged.few(), staged.subject.layout
    vectors = layout.flatten(z)
    first, total, off, clear = slopes(staged, vectors)
    upstream = upstream_of(vectors)
    if way is None:
        (sloping,) = np.nonzero((clear & (first > 0.05)).all(axis=-1))
        upstream[sloping[:1]] = np.nan
    how: dict[str, Any] = {"way": way} if way else {}
    with staged.subject.must_answer("a gradient of the input", where):
        _, gradient = staged.quantizer().vjp(z, np.ascontiguousarray(layout.unflatten(upstream, z.shape)), **how)
    comparators.same_shape(gradient, z.shape, f"the gradients {where}")
    found = layout.flatten(gradient).astype(np.float64)
    expected = np.where(clear, total * upstream, found)
    allowed = np.where(np.isnan(upstream), 1.0, np.abs(upstream)) * off
    comparators.within(found, expected, allowed, f"the gradients {where}, as (vector, channel),")


def kept_of(staged: Staged, vectors: Array, codes: Array) -> int | None:
    """Of how many first stages the codes of (N, d) vectors are the sum; None where that is no number, or not clear."""
    followed = staged.followed(vectors)
    settled = np.stack([one.settled[:, -1] for one in followed], axis=-1)
    sums = staged.worth(np.stack([one.level for one in followed], axis=-1)).cumsum(axis=1)
    near = np.abs(sums - codes.astype(np.float64)[:, None]) <= staged.tolerance()
    (fitting,) = np.nonzero((near | ~settled[:, None]).all(axis=(0, 2)))
    return int(fitting[0]) + 1 if len(fitting) == 1 else None
