"""Nothing in a quantizer learns: which weights move its codes, where nothing is projected."""

from __future__ import annotations

import numpy as np

from .findings import Array, Finding, NonConformanceError
from .subject import Subject
from .witness import WitnessedQuantizer


def judge_nothing_learns(subject: Subject, quantizer: WitnessedQuantizer) -> frozenset[str]:
    """The names of a quantizer's constants that are weights; `NonConformanceError` for a weight that learns.

    The quantizer has no projections.
    """
    weights = quantizer.weights(*learned_from(subject, len(subject.levels)))
    for name, wrong in weights.items():
        if not wrong:
            raise NonConformanceError(
                Finding(
                    f"without projections {name} learns",
                    f"a gradient for {name}, so that each step of an optimizer moves the codes",
                    "codes that only the levels decide",
                    setup=quantizer.setup,
                )
            )
    return frozenset(weights)


def learned_from(subject: Subject, width: int) -> tuple[Array, Array]:
    """An input with so many channels, in the layout and dtype of the case, and a gradient of its codes."""
    random, shape = np.random.default_rng(17), subject.layout.shape(width)
    z, upstream = (random.normal(scale=0.5, size=shape).astype(subject.precision.dtype) for _ in range(2))
    return z, upstream
