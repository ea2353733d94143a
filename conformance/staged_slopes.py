"""The slopes of the stages of a residual quantizer, how far they may be off, and its own gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..reference import PRECISIONS
from . import comparators
from .findings import Array
from .staged import Floats, Staged
from .surrogate import GRADIENT_EPS, STEEPEST


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


def gradient_of(staged: Staged, vectors: Array, upstream: Array) -> Array:
    """The gradient of Σ codes·upstream at (N, d) vectors, as (N, d)."""
    subject = staged.subject
    z, weights = (np.ascontiguousarray(subject.layout.arrange(part)).copy() for part in (vectors, upstream))
    _, gradient = staged.quantizer().vjp(z, weights)
    comparators.same_shape(gradient, z.shape, "the gradients")
    return subject.layout.flatten(gradient)


def upstream_of(vectors: Array) -> Array:
    """A weight for each number, of either sign."""
    drawn: Array = np.random.default_rng(23).choice([-2.0, -1.0, 1.0, 2.0], size=vectors.shape)
    return drawn.astype(vectors.dtype)


def kept_of(staged: Staged, vectors: Array, codes: Array) -> int | None:
    """Of how many first stages the codes of (N, d) vectors are the sum; None where that is no number, or not clear."""
    followed = staged.followed(vectors)
    settled = np.stack([one.settled[:, -1] for one in followed], axis=-1)
    sums = staged.worth(np.stack([one.level for one in followed], axis=-1)).cumsum(axis=1)
    near = np.abs(sums - codes.astype(np.float64)[:, None]) <= staged.tolerance()
    (fitting,) = np.nonzero((near | ~settled[:, None]).all(axis=(0, 2)))
    return int(fitting[0]) + 1 if len(fitting) == 1 else None
