"""GRD, continued: what the weights learn that lie before and behind the quantizer."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import MUST, Span, clause
from fsqcheck.conformance.findings import Finding, NonConformanceError, TargetRaisedError
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.witness import WitnessedQuantizer


@clause(
    "GRD-12",
    MUST,
    "Every weight that moves the codes gets a gradient, after an evaluation too: those of linear maps before the quantizer and "
    "behind it; and whatever comes after it learns from its codes, decoded ones too.",
    title="weights learn",
    source="arXiv 2309.15505 §3.1: the straight-through estimate reaches what lies before the quantizer",
    meaning="A projection stays what it was initialized to, and the loss goes down without it; or a decoder that is trained on "
    "stored tokens stops with an error.",
    needs=[Capability.GRADIENT, Capability.WEIGHTS],
    over=Span(levels="mixed", modes=("train",)),
)
def test_every_weight_learns(subject: Subject) -> None:
    with suppress(TargetRaisedError):  # that it fails in training is the affair of other clauses
        _learn(subject, subject.quantizer(), len(subject.levels), "")
    if subject.has(Capability.PROJECTION):
        for width in (len(subject.levels) + 5, max(len(subject.levels) - 1, 2)):
            _learn(subject, subject.quantizer(width=width), width, f"with projections from {width} channels and back, ")


def _learn(subject: Subject, quantizer: WitnessedQuantizer, width: int, where: str) -> None:
    """In training, and in training again after an evaluation."""
    random, shape = np.random.default_rng(17), subject.layout.shape(width)
    z, upstream = (random.normal(scale=0.5, size=shape).astype(subject.precision.dtype) for _ in range(2))
    for evaluated in (False, True) if subject.has(Capability.TRAIN) else (False,):
        if evaluated:
            quantizer.train(False)
            quantizer.train(True)
        for name, gets in quantizer.idle_weights(z, upstream).items():
            raise NonConformanceError(
                Finding(
                    f"{where}{name} gets {gets}" + (" once it was evaluated" if evaluated else ""),
                    gets,
                    "a gradient that is finite and not 0 everywhere",
                    setup=quantizer.setup,
                )
            )
