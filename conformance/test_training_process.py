"""TRN, continued: what a quantizer leaves behind in the process that it runs in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from fsqcheck.adapters import Capability
from fsqcheck.conformance.clause import MUST, Span, clause
from fsqcheck.conformance.findings import Array, TargetRaisedError
from fsqcheck.conformance.subject import Subject
from fsqcheck.conformance.surroundings import judge_left_alone, judge_nothing_drawn
from fsqcheck.conformance.using import further_answers
from fsqcheck.conformance.witness import WitnessedQuantizer


@clause(
    "TRN-9",
    MUST,
    "A quantizer leaves the process as it was: gradient mode, default dtype and device, threads, folder and environment, NumPy's "
    "treatment of errors and its printing, torch's detection of anomalies, its precision of products and its subnormal numbers, "
    "logging, garbage collection and Ctrl-C; it seeds no generator, and in evaluation it draws from none.",
    title="process left alone",
    source="design: an FSQ is a function of its input (arXiv 2309.15505 §3.1)",
    meaning="Something else breaks: training stops without a word, dropout repeats itself, other layers change their dtype.",
    over=Span(levels="mixed", variants=("built", "asked", "refused")),
)
def test_the_process_is_left_alone(subject: Subject) -> None:
    z = np.zeros(subject.layout.shape(len(subject.levels)), dtype=subject.precision.dtype)
    said = _SAID[str(subject.case.variant)]
    judge_left_alone(subject, lambda: _do(subject, z), said)
    if subject.case.variant == "asked":
        quantizer = subject.quantizer(training=False)
        judge_nothing_drawn(subject, lambda: _evaluate(subject, quantizer, z), "a call in evaluation")


_SAID = {"built": "building a quantizer", "asked": "a call", "refused": "an input that is refused"}


def _do(subject: Subject, z: Array) -> None:
    quantizer, recorded = subject.quantizer(), subject.has(Capability.GRADIENT)
    if subject.case.variant == "refused":
        with suppress(TargetRaisedError):
            quantizer.quantize(np.concatenate([z, z], axis=subject.layout.channel_axis), tracked=recorded)
        refused = subject.laid_out(np.array([subject.codebook.size]))
        if subject.has(Capability.DECODE):
            with suppress(TargetRaisedError):
                quantizer.indices_to_codes(refused)
        if subject.has(Capability.ENCODE):
            with suppress(TargetRaisedError):
                quantizer.codes_to_indices(np.zeros((1, 2 * len(subject.levels)), dtype=np.float32))
    if subject.case.variant == "asked":
        quantizer.quantize(z)
        if recorded:
            with suppress(TargetRaisedError):  # that there is none is the affair of GRD
                quantizer.vjp(z, np.ones_like(z))
        if subject.has(Capability.TRAIN):
            quantizer.train(True)
            quantizer.quantize(z, tracked=recorded)
            _train_with_noise(subject, z, recorded)
        further_answers(subject, quantizer)


def _evaluate(subject: Subject, quantizer: WitnessedQuantizer, z: Array) -> None:
    quantizer.quantize(z)
    further_answers(subject, quantizer)


def _train_with_noise(subject: Subject, z: Array, recorded: bool) -> None:
    noisy = replace(subject.setup, noise=0.5, training=True)
    if subject.has(Capability.NOISE) and subject.adapter.refusal(noisy) is None:
        subject.quantizer(noise=0.5, training=True).quantize(z, tracked=recorded)
