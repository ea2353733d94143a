"""GRD, continued: what the weights learn that lie before and behind the quantizer."""

from __future__ import annotations

from contextlib import suppress

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import MUST, Span, clause
from fsqcheck.conformance.findings import Finding, NonConformanceError, TargetRaisedError
from fsqcheck.conformance.learning import judge_nothing_learns, learned_from
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.witness import WitnessedQuantizer


@clause(
    "GRD-12",
    MUST,
    "The weights of linear maps before the quantizer and behind it get a gradient, after an evaluation too; whatever comes after "
    "it learns from its codes, decoded ones too; and without such maps there is nothing in it that learns.",
    title="weights learn",
    source="arXiv 2309.15505 §3.1: the straight-through estimate reaches what lies before the quantizer, and nothing in it is "
    "learned",
    meaning="A projection stays what it was initialized to, and the loss goes down without it; a decoder that is trained on "
    "stored tokens stops with an error; or every step of the optimizer moves the codebook, and old tokens with it.",
    needs=[Capability.GRADIENT, Capability.WEIGHTS],
    over=Span(levels="mixed", modes=("train",)),
)
def test_every_weight_learns(subject: Subject) -> None:
    fixed: frozenset[str] = frozenset()
    with suppress(TargetRaisedError):  # that it fails in training is the affair of other clauses
        fixed = judge_nothing_learns(subject, subject.quantizer())
        _learn(subject, subject.quantizer(), len(subject.levels), "", fixed)
    if subject.has(Capability.PROJECTION):
        for width in (len(subject.levels) + 5, max(len(subject.levels) - 1, 2)):
            where = f"with projections from {width} channels and back, "
            _learn(subject, subject.quantizer(width=width), width, where, fixed)


def _learn(subject: Subject, quantizer: WitnessedQuantizer, width: int, where: str, fixed: frozenset[str]) -> None:
    """All but the constants: in training, and in training again after an evaluation."""
    z, upstream = learned_from(subject, width)
    for evaluated in (False, True) if subject.has(Capability.TRAIN) else (False,):
        if evaluated:
            quantizer.train(False)
            quantizer.train(True)
        weights = quantizer.weights(z, upstream) | quantizer.weights_behind(z)
        for name, gets in weights.items():
            if gets and name not in fixed:
                raise NonConformanceError(
                    Finding(
                        f"{where}{name} gets {gets}" + (" once it was evaluated" if evaluated else ""),
                        gets,
                        "a gradient that is finite and not 0 everywhere",
                        setup=quantizer.setup,
                    )
                )
