"""GRD, continued: what the weights learn that lie before and behind the quantizer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import MUST, Span, clause
from fsqcheck.conformance.findings import Finding, NonConformanceError
from fsqcheck.conformance.subject import Subject


@clause(
    "GRD-12",
    MUST,
    "Every weight that moves the codes gets a gradient: those of linear maps before the quantizer, and behind it.",
    title="weights learn",
    source="arXiv 2309.15505 §3.1: the straight-through estimate reaches what lies before the quantizer",
    meaning="A projection stays what it was initialized to, and the loss goes down without it.",
    needs=[Capability.PROJECTION, Capability.GRADIENT, Capability.WEIGHTS],
    over=Span(levels="mixed", modes=("train",)),
)
def test_every_weight_learns(subject: Subject) -> None:
    random = np.random.default_rng(17)
    for width in (len(subject.levels) + 5, max(len(subject.levels) - 1, 2)):
        shape = subject.layout.shape(width)
        z, upstream = (random.normal(scale=0.5, size=shape).astype(subject.precision.dtype) for _ in range(2))
        for name, gets in subject.quantizer(width=width).idle_weights(z, upstream).items():
            raise NonConformanceError(
                Finding(
                    f"with projections from {width} channels and back, {name} gets {gets}",
                    f"{gets}, although the codes change with it",
                    "a gradient that is finite and not 0 everywhere",
                    setup=replace(subject.setup, width=width),
                )
            )
